using Dst.Foundations;
using Dst.Graph;
using Dst.ModelFiles;
using Dst.Runtime.Threading;
using Dst.Tests.Experiments;
using Dst.Tests.Foundations;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Networks;
using Dst.Training.Objectives;

namespace Dst.Tests.Engine;

/// <summary>One training phase: it learns, chooses the best epoch by validation, stops early, and reports where it diverged.</summary>
public sealed class TrainerTests : IDisposable
{
    private readonly WorkerPool _pool = new(1);
    private readonly Recipe _recipe = TinyRun.Recipe("unused");
    private readonly DataSet _data;

    public TrainerTests() => _data = TinyRun.Load(_recipe);

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void Training_lowers_the_loss_and_keeps_the_best_validation_epoch()
    {
        var rows = new List<EpochMetrics>();
        var phase = Phase(_recipe.Train with { Epochs = 15, Ema = 0, Schedule = new() { LearningRate = 0.2 } });
        using var trainer = new Trainer(phase, _data, new(_pool), seed: 1) { EpochEnded = rows.Add };
        var result = trainer.Run();
        Assert.Equal(Enumerable.Range(1, 15), rows.Select(row => row.Epoch));
        Assert.True(rows[^1].TrainLoss < 0.8 * rows[0].TrainLoss, $"{rows[0].TrainLoss} to {rows[^1].TrainLoss}");
        var best = rows.OrderByDescending(row => row.ValidationTop1).ThenByDescending(row => row.Epoch).First();
        Assert.Equal((best.Epoch, best.ValidationTop1), (result.BestEpoch, result.BestTop1));

        using var network = new TrainingNetwork(result.Model, 9, new(_pool), seed: 1);
        using var loader = new BatchLoader(_data, _data.Validation, 9, augment: false, seed: 1);
        var again = Evaluator.Evaluate(network, loader);
        Assert.Equal((best.ValidationTop1, best.ValidationLoss), (again.Top1, again.Loss));
    }

    [Fact]
    public void The_moving_average_is_what_is_validated_and_kept()
    {
        var rows = new List<EpochMetrics>();
        var phase = Phase(_recipe.Train with { Epochs = 2, Ema = 0.9 });
        using var trainer = new Trainer(phase, _data, new(_pool), seed: 1) { EpochEnded = rows.Add };
        var result = trainer.Run();
        using var network = new TrainingNetwork(result.Model, 9, new(_pool), seed: 1);
        using var loader = new BatchLoader(_data, _data.Validation, 9, augment: false, seed: 1);
        Assert.Equal(rows[result.BestEpoch - 1].ValidationLoss, Evaluator.Evaluate(network, loader).Loss);

        using var plain = new Trainer(Phase(_recipe.Train with { Epochs = 2, Ema = 0 }), _data, new(_pool), seed: 1);
        Assert.NotEqual(result.Model.Parameters["conv1.weight"].Data, plain.Run().Model.Parameters["conv1.weight"].Data);
    }

    [Fact]
    public void Patience_counts_from_the_last_epoch_that_was_better_not_equal()
    {
        var rows = new List<EpochMetrics>();
        var options = _recipe.Train with { Epochs = 50, Patience = 3, Schedule = new() { LearningRate = 1e-9 } };
        using var trainer = new Trainer(Phase(options), _data, new(_pool), seed: 1) { EpochEnded = rows.Add };
        var result = trainer.Run();

        var firstBest = rows.First(row => row.ValidationTop1 == result.BestTop1).Epoch;
        Assert.Equal(firstBest + 3, result.Epochs);
        Assert.InRange(result.Epochs, 4, 49);
        Assert.True(result.BestEpoch > firstBest, "no epoch was as good as the best one: the test needs such data");
    }

    [Fact]
    public void An_auto_encoder_has_no_accuracy_and_is_trained_to_its_last_epoch()
    {
        var classifier = Phase(_recipe.Train with { Epochs = 4, Patience = 2 });
        var graph = AutoEncoder.Around(classifier.Start.Graph, DecoderKind.Upsample);
        var start = Initialiser.Initialise(graph, seed: 1) with { Outputs = OutputKind.None };
        using var trainer = new Trainer(classifier with { Start = start, Reconstructs = true }, _data, new(_pool), seed: 1);
        var result = trainer.Run();
        Assert.Equal((4, 4), (result.BestEpoch, result.Epochs));
    }

    [Fact]
    public void A_loss_that_is_not_a_number_stops_with_the_layers_name()
    {
        var phase = Phase(_recipe.Train);
        phase.Start.Parameters["layer2.0.conv1.weight"].Data[3] = float.NaN;
        using var trainer = new Trainer(phase, _data, new(_pool), seed: 1);
        var message = Assert.Throws<DivergedException>(() => trainer.Run()).Message;
        Assert.Contains(
            "student: the loss is NaN in epoch 1 after 0 of its steps, at step 0; the first layer whose output is not finite is "
            + "'layer2.0.conv1'",
            message, StringComparison.Ordinal);
    }

    [Fact]
    public void Divergence_without_batch_normalisation_names_what_is_missing()
    {
        var graph = new CheckedGraph(new("folded", _data.Shape,
        [
            new("conv1", new Conv2dOp(4, 3, 3, Padding: 1), ["input"]), new("relu", new ReluOp(), ["conv1"]),
            new("conv2", new Conv2dOp(4, 3, 3), ["relu"]), new("pool", new GlobalAvgPoolOp(), ["conv2"]),
            new("fc", new LinearOp(3), ["pool"]),
        ]));
        var phase = Phase(_recipe.Train) with { Start = Initialiser.Initialise(graph, seed: 1) };
        phase.Start.Parameters["conv2.weight"].Data[0] = float.NaN;
        using var trainer = new Trainer(phase, _data, new(_pool), seed: 1);
        var message = Assert.Throws<DivergedException>(() => trainer.Run()).Message;
        Assert.EndsWith(
            "the network has no batch normalisation, and dst import --restore-batch-norm puts back what an exporter folded away", message);
    }

    [Fact]
    public void An_exploding_loss_names_the_step_and_the_last_good_checkpoint()
    {
        using var folder = new TemporaryFolder();
        const string Train = "train={epochs: 60, batch: 9, optimizer: {momentum: 0, nesterov: false, weight_decay: 1}, "
            + "schedule: {kind: constant, learning_rate: 5}}";
        (int, string)[] cases = [(1, "the last good state, after "), (0, "no checkpoint of student was written before")];
        foreach (var (everyEpochs, expected) in cases)
        {
            var recipe = TinyRun.Recipe(
                folder.File($"{everyEpochs}"), "arms=[student]", Train, $"checkpoint.every_epochs={everyEpochs}");
            using var run = TinyRun.Create(recipe);
            var steps = 0;
            var message = Assert.Throws<DivergedException>(() => TinyRun.Run(run, step => steps = step)).Message;
            Assert.Contains($"step {steps}", message, StringComparison.Ordinal);
            Assert.Contains(expected, message, StringComparison.Ordinal);
            if (CheckpointFile.FindState(run.CheckpointPath, "student") is { } state)
                Assert.Contains(
                    $"{Phrases.Count(state.Epoch, "epoch")} and {Phrases.Count(state.Step, "step")}, is in {run.CheckpointPath}", message,
                    StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_checkpoint_never_holds_weights_that_are_not_numbers()
    {
        using var cancellation = new CancellationTokenSource();
        var phase = Phase(_recipe.Train with { Ema = 0 });
        phase.Start.Parameters["fc.bias"].Data[0] = float.PositiveInfinity;
        using var trainer = new Trainer(phase, _data, new(_pool), seed: 1) { CheckpointDue = _ => Assert.Fail("saved"), Progress = null };
        cancellation.Cancel();
        Assert.ThrowsAny<DivergedException>(() => trainer.Run(cancellation.Token));
    }

    [Fact]
    public void The_objective_is_the_weighted_sum_of_its_terms()
    {
        var distillation = new PrunedDistillationOptions { Temperature = 3, Alpha = 0.75, Teacher = TeacherChoice.Both };
        var phase = Phase(_recipe.Train with { LabelSmoothing = 0.1 }) with
        {
            Distillation = distillation,
            Teacher = Student(7),
            Dense = Student(8),
        };
        using var student = new TrainingNetwork(phase.Start, 9, new(_pool), seed: 1);
        using var objective = new Objective(phase.Lesson, student, 9, new(_pool), seed: 1);
        using var loader = new BatchLoader(_data, _data.Training, 9, augment: true, seed: 1);
        var batch = loader.Epoch(0).First();
        var logits = Enumerable.Range(0, batch.Count * 3).Select(i => MathF.Sin(i)).ToArray();
        var (gradient, expectedGradient) = (new float[logits.Length], new float[logits.Length]);
        gradient.AsSpan().Fill(99); // what a previous step left

        var loss = objective.Compute(batch, epoch: 0, logits, gradient);

        var expected = CrossEntropy.Compute(logits, batch.Labels.AsSpan(0, batch.Count), 3, 0.1f, 0.25f, expectedGradient)
            + DistillationLoss.Compute(logits, Logits(Student(7), batch), 3, 3, 0.375f, expectedGradient)
            + DistillationLoss.Compute(logits, Logits(Student(8), batch), 3, 3, 0.375f, expectedGradient);
        Assert.Equal(expected, loss, 12);
        Assert.Equal(expectedGradient, gradient);
    }

    [Fact]
    public void Terms_of_the_objective_can_be_weighted_at_will()
    {
        var distillation = new PrunedDistillationOptions
        {
            Temperature = 2,
            Alpha = 0.5,
            Labels = 0.5,
            Standardise = true,
            Dkd = new() { Target = 1, NonTarget = 8, WarmupEpochs = 4 },
            Dist = new() { InterClass = 3, IntraClass = 2 },
            Teacher = TeacherChoice.Dense,
        };
        var phase = Phase(_recipe.Train) with { Distillation = distillation, Dense = Student(8) };
        using var student = new TrainingNetwork(phase.Start, 9, new(_pool), seed: 1);
        using var objective = new Objective(phase.Lesson, student, 9, new(_pool), seed: 1);
        using var loader = new BatchLoader(_data, _data.Training, 9, augment: true, seed: 1);
        var batch = loader.Epoch(0).First();
        var logits = Enumerable.Range(0, batch.Count * 3).Select(i => MathF.Sin(i)).ToArray();
        var (gradient, expectedGradient, inner) = (new float[logits.Length], new float[logits.Length], new float[logits.Length]);
        var labels = batch.Labels.AsSpan(0, batch.Count);
        var (z, teacher) = (Standardise(logits), Standardise(Logits(Student(8), batch)));

        var expected = CrossEntropy.Compute(logits, labels, 3, 0, 0.5f, expectedGradient)
            + DistillationLoss.Compute(z, teacher, 3, 2, 0.5f, inner)
            + DecoupledDistillationLoss.Compute(z, teacher, labels, 3, 2, 0.5f, 4, inner) // epoch 2 of 4
            + DistLoss.Compute(z, teacher, 3, 2, 3, 2, inner);
        LogitStandardisation.Backward(logits, inner, 3, expectedGradient);
        Assert.Equal(expected, objective.Compute(batch, epoch: 1, logits, gradient), 12);
        Assert.Equal(expectedGradient, gradient);

        static float[] Standardise(float[] z)
        {
            var result = new float[z.Length];
            LogitStandardisation.Apply(z, 3, result);
            return result;
        }
    }

    [Fact]
    public void A_checkpoint_of_another_arm_is_left_alone_and_one_of_another_network_is_refused()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("checkpoint.safetensors");
        using var trainer = new Trainer(Phase(_recipe.Train), _data, new(_pool), seed: 1);
        Assert.False(CheckpointFile.TryRestore(path, "student", trainer));
        CheckpointFile.Save(path, "student", trainer, "");
        Assert.False(CheckpointFile.TryRestore(path, "teacher", trainer));
        Assert.True(CheckpointFile.TryRestore(path, "student", trainer));

        var network = Initialiser.Initialise(Zoo.Build("resnet8", _data.Shape, 3, 0.5), 1);
        using var wider = new Trainer(new("student", network, _recipe.Train), _data, new(_pool), seed: 1);
        var refusal = Assert.Throws<InputException>(() => CheckpointFile.TryRestore(path, "student", wider)).Message;
        Assert.Contains("was expected", refusal, StringComparison.Ordinal);
        using (var file = File.OpenWrite(path)) file.SetLength(file.Length / 2);
        Assert.Throws<InputException>(() => CheckpointFile.TryRestore(path, "student", trainer));
    }

    [Theory]
    [InlineData(0, 4, "epoch is 4, and 0 to 3")]
    [InlineData(1, -1, "batch is -1, and 0 to 3")]
    [InlineData(2, 5, "step is 5, and 0 to 0")]
    [InlineData(4, 1, "correct is 1, and 0 to 0")]
    [InlineData(5, 0x7FF0000000000000, "sum of losses is")]
    [InlineData(6, 2, "best epoch is 2, and 0 to 1")]
    [InlineData(7, 0x7FF8000000000000, "best top-1 is NaN")]
    [InlineData(9, 0x7FF8000000000000, "seconds is NaN")]
    public void Counters_that_no_phase_leaves_are_refused(int counter, long value, string expected)
    {
        using var folder = new TemporaryFolder();
        using var trainer = new Trainer(Phase(_recipe.Train), _data, new(_pool), seed: 1);
        SaveChanged(folder.File("c"), trainer, (_, counters) => counters[counter] = value);
        var message = Assert.Throws<InputException>(() => CheckpointFile.TryRestore(folder.File("c"), "student", trainer)).Message;
        Assert.Contains($"is damaged: its counter {expected}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_with_NaN_is_called_damaged()
    {
        using var folder = new TemporaryFolder();
        using var trainer = new Trainer(Phase(_recipe.Train), _data, new(_pool), seed: 1);
        SaveChanged(folder.File("c"), trainer, (tensors, _) => tensors["fc.bias"][1] = float.NaN);
        var message = Assert.Throws<InputException>(() => CheckpointFile.TryRestore(folder.File("c"), "student", trainer)).Message;
        Assert.Contains("is damaged: the tensor 'fc.bias' has NaN at 1", message, StringComparison.Ordinal);
    }

    /// <summary>Saves a checkpoint, then a copy of it with other values.</summary>
    private static void SaveChanged(string path, Trainer trainer, Action<Dictionary<string, float[]>, long[]> change)
    {
        CheckpointFile.Save(path, "student", trainer, "");
        Dictionary<string, string> metadata;
        var counters = trainer.State.ToArray();
        var tensors = trainer.Tensors().ToDictionary(tensor => tensor.Name, tensor => (float[])tensor.Values.Clone());
        using (var file = SafetensorsFile.Open(path)) metadata = file.Metadata.ToDictionary();
        change(tensors, counters);
        SafetensorsFile.Write(
            path, metadata,
            tensors.Select(tensor => new TensorEntry(tensor.Key, [tensor.Value.Length], tensor.Value))
                .Append(new("counters", [counters.Length], counters)));
    }

    private TrainingPhase Phase(TrainOptions options) => new("student", Student(1), options);

    private Model Student(long seed) => Initialiser.Initialise(Zoo.Build("resnet8", _data.Shape, 3, 0.25), seed);

    private float[] Logits(Model model, Batch batch)
    {
        using var teacher = new Teacher(model, [], batch.Count, new(_pool));
        teacher.Forward(batch);
        return teacher.Logits.ToArray();
    }
}
