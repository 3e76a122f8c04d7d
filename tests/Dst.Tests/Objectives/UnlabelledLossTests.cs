using Dst.Runtime.Threading;
using Dst.Tests.Experiments;
using Dst.Tests.Foundations;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Networks;
using Dst.Training.Objectives;

namespace Dst.Tests.Objectives;

/// <summary>A batch with unlabelled images: the teachers' terms learn from all of it, the labels' from its labelled part.</summary>
public sealed class UnlabelledLossTests : IDisposable
{
    private const string FewLabels = "data.labels_per_class=2"; // 6 labelled images and 18 without

    private readonly WorkerPool _pool = new(1);
    private readonly TemporaryFolder _folder = new();
    private readonly Recipe _recipe = TinyRun.Recipe("unused", FewLabels);
    private readonly DataSet _data;

    public UnlabelledLossTests() => _data = TinyRun.Load(_recipe);

    public void Dispose()
    {
        _pool.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Labels_teach_the_labelled_part_and_the_teacher_the_whole_batch()
    {
        var options = new DistillationOptions
        {
            Temperature = 2,
            Alpha = 0.75,
            Dkd = new() { Target = 1, NonTarget = 2 },
            Attention = new() { Weight = 5, Layers = [new() { Teacher = "avgpool", Student = "avgpool" }] },
        };
        var phase = new TrainingPhase("student-kd", Network(1), _recipe.Train) { Teacher = Network(7), Distillation = options };
        using var student = new TrainingNetwork(phase.Start, 8, new(_pool), seed: 1, LossTerms.LayersOfStudent(phase.Lesson));
        using var objective = new Objective(phase.Lesson, student, 8, new(_pool), seed: 1);
        using var loader = new BatchLoader(_data, _data.Training, 8, augment: true, seed: 1, objective.LearnsWithoutLabels);
        var batch = loader.Epoch(0).First();
        Assert.Equal((8, 2), (batch.Count, batch.Labelled));

        var logits = student.Forward(batch.Images, batch.Count, training: true).ToArray();
        var (gradient, expectedGradient) = (new float[24], new float[24]);
        var loss = objective.Compute(batch, epoch: 0, logits, gradient);

        using var teacher = new Teacher(phase.Teacher, ["avgpool"], 8, new(_pool));
        teacher.Forward(batch);
        var features = new float[8 * student.Graph.Shapes["avgpool"].Channels];
        var labels = batch.Labels.AsSpan(0, 2);
        student.ReadFeature("avgpool", features);
        var expected = CrossEntropy.Compute(logits.AsSpan(0, 6), labels, 3, 0, 0.25f, expectedGradient.AsSpan(0, 6))
            + DistillationLoss.Compute(logits, teacher.Logits, 3, 2, 0.75f, expectedGradient)
            + DecoupledDistillationLoss.Compute(logits.AsSpan(0, 6), teacher.Logits[..6], labels, 3, 2, 1, 2, expectedGradient.AsSpan(0, 6))
            + AttentionLoss.Compute(features, teacher.Feature("avgpool"), 8, 1, 5, []);
        Assert.Equal(expected, loss, 12);
        Assert.Equal(expectedGradient, gradient);
    }

    [Fact]
    public void Only_terms_that_need_no_labels_read_unlabelled_images()
    {
        var hints = new FeatureLossOptions { Weight = 1, Layers = [new() { Teacher = "relu", Student = "relu" }] };
        (DistillationOptions Options, bool Taught, bool Reads)[] cases =
        [
            (new(), false, false), (new(), true, true), (new() { Alpha = 0, Labels = 1, Dkd = new() { Target = 1 } }, true, false),
            (new() { Alpha = 0, Labels = 1, Hints = hints }, true, true),
        ];
        foreach (var (options, taught, reads) in cases)
        {
            var phase = new TrainingPhase("student", Network(1), _recipe.Train)
            {
                Teacher = taught ? Network(7) : null,
                Distillation = options,
            };
            using var trainer = new Trainer(phase, _data, new(_pool), seed: 1);
            Assert.Equal(reads ? 18 : 0, trainer.UnlabelledImages);
        }
    }

    [Fact]
    public void Cached_logits_of_unlabelled_images_follow_those_of_the_labelled_ones()
    {
        var data = TinyRun.Load(TinyRun.Recipe("unused", FewLabels, "data.shift=0"));
        using var teacher = new Teacher(Network(7), [], 8, new(_pool));
        using var loader = new BatchLoader(data, data.Training, 8, augment: true, seed: 1, readsUnlabelled: true);
        var batches = loader.Epoch(0).Select(batch => LogitsOf(batch)).ToList();
        teacher.CacheLogits(data, 8, readsUnlabelled: true, CancellationToken.None);
        var cached = loader.Epoch(0).Select(batch => LogitsOf(batch)).ToList();
        foreach (var (a, b) in batches.SelectMany(values => values).Zip(cached.SelectMany(values => values))) Assert.Equal(a, b, 1e-4f);

        float[] LogitsOf(Batch batch)
        {
            teacher.Forward(batch);
            return teacher.Logits.ToArray();
        }
    }

    [Fact]
    public void The_summary_and_the_log_say_what_each_arm_saw()
    {
        using var run = TinyRun.Create(TinyRun.Recipe(_folder.Path, FewLabels, "arms=[student, dst, uhp]"));
        var log = new List<string>();
        var summary = TinyRun.Run(run, log: log.Add);
        Assert.Equal(
            [(ArmNames.Student, 0), (ArmNames.Teacher, 0), (ArmNames.StudentKd, 18), (ArmNames.Uhp, 0), (ArmNames.Dst, 18)],
            summary.Arms.Select(arm => (arm.Arm, arm.UnlabelledImages)));
        Assert.All(summary.Arms, arm => Assert.Equal(6, arm.LabelledImages));
        Assert.Contains("student-kd: resnet8, 3 epochs, 6 labelled and 18 unlabelled images", log);
        Assert.Contains(
            "uhp: resnet8, 2 epochs, 6 labelled images; the 18 unlabelled ones are not read, because every term of its loss needs labels",
            log);
    }

    [Fact]
    public void A_batch_of_one_is_refused_before_anything_is_trained()
    {
        using var run = TinyRun.Create(TinyRun.Recipe(_folder.Path, FewLabels, "teacher.train.batch=1"));
        var message = Assert.Throws<InputException>(() => TinyRun.Run(run, _ => Assert.Fail("a step was trained"))).Message;
        Assert.Contains("train.batch is 1 with unlabelled images; expected at least 2", message, StringComparison.Ordinal);
    }

    private Model Network(long seed) => Initialiser.Initialise(Zoo.Build("resnet8", _data.Shape, 3, 0.25), seed);
}
