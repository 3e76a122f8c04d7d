using Dst.Graph;
using Dst.Runtime.Threading;
using Dst.Tests.Experiments;
using Dst.Tests.Foundations;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Networks;
using Dst.Training.Objectives;

namespace Dst.Tests.Objectives;

/// <summary>Losses between layers: gradients reach the weights, projections are trained and saved, wrong layers are refused.</summary>
public sealed class FeatureTermTests : IDisposable
{
    private const int Batch = 4;
    private const string Layer = "layer2.0.relu2"; // overwrites its input, as that is no feature

    private readonly WorkerPool _pool = new(1);
    private readonly Recipe _recipe = TinyRun.Recipe("unused");
    private readonly DataSet _data;

    public FeatureTermTests() => _data = TinyRun.Load(_recipe);

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData(Layer)]
    [InlineData("layer2.0.bn1")] // would be overwritten by its ReLU if it were no feature
    [InlineData("avgpool")]
    public void Gradients_of_weights_and_projections_are_the_slopes_of_the_loss(string layer)
    {
        var phase = Phase(hints: 2, attention: 3, layer);
        using var student = new TrainingNetwork(phase.Start, Batch, new(_pool), seed: 1, LossTerms.LayersOfStudent(phase.Lesson));
        using var objective = new Objective(phase.Lesson, student, Batch, new(_pool), seed: 1);
        using var loader = new BatchLoader(_data, _data.Training, Batch, augment: false, seed: 1);
        var batch = loader.Epoch(0).First();
        var gradient = new float[batch.Count * student.Classes];

        double Loss() => objective.Compute(batch, epoch: 0, student.Forward(batch.Images, batch.Count, training: true), gradient);
        Loss();
        student.Backward(gradient);
        var projection = Assert.Single(objective.Projections);
        string[] names = ["conv1.weight", "layer2.0.conv1.weight", "layer2.0.bn1.weight", "fc.weight"];
        foreach (var parameter in student.Parameters.Where(p => names.Contains(p.Shape.Name)).Append(projection))
        {
            // The slope along the gradient is its norm; the kinks of many ReLUs average out on the way.
            var (gradientOf, values, step) = (parameter.Gradient.ToArray(), parameter.Value.ToArray(), 3e-5);
            var norm = Math.Sqrt(gradientOf.Sum(g => (double)g * g));
            Assert.True(norm > 0.01, $"{parameter.Shape.Name} has a gradient of {norm}");
            double At(double distance)
            {
                for (var i = 0; i < values.Length; i++) parameter.Value[i] = (float)(values[i] + distance * gradientOf[i] / norm);
                return Loss();
            }

            Assert.Equal(norm, (At(step) - At(-step)) / (2 * step), 0.02 * norm);
            At(0);
        }
    }

    [Fact]
    public void A_projection_is_trained_saved_in_checkpoints_and_left_out_of_the_model()
    {
        using var folder = new TemporaryFolder();
        var phase = Phase(hints: 1, attention: 0, Layer) with { Options = _recipe.Train with { Epochs = 1 } };
        float[] start, end;
        void Save(Trainer trainer) => CheckpointFile.Save(folder.File("c"), "student", trainer, "");
        using (var trainer = new Trainer(phase, _data, new(_pool), seed: 1) { CheckpointDue = Save })
        {
            start = Projection(trainer);
            Assert.DoesNotContain(trainer.Run().Model.Parameters.Keys, name => name.Contains("hints"));
            end = Projection(trainer);
        }

        Assert.NotEqual(start, end);
        using var resumed = new Trainer(phase, _data, new(_pool), seed: 1);
        Assert.Equal(start, Projection(resumed));
        Assert.True(CheckpointFile.TryRestore(folder.File("c"), "student", resumed));
        Assert.Equal(end, Projection(resumed));

        static float[] Projection(Trainer trainer) =>
            [.. trainer.Tensors().Single(tensor => tensor.Name == "distill.hints.0.projection").Values];
    }

    [Theory]
    [InlineData(
        "layer2.0.relu3", Layer,
        "the teacher layer 'layer2.0.relu3', which is not a layer of resnet8 before its output; did you mean 'layer2.0.relu1'?")]
    [InlineData(Layer, "layer9.0.relu2", "the student layer 'layer9.0.relu2'")]
    [InlineData(Layer, "fc", "the student layer 'fc'")]
    [InlineData(
        "layer1.0.relu2", Layer,
        "joins the teacher's 'layer1.0.relu2', 8x16x16, and the student's 'layer2.0.relu2', 8x8x8; "
            + "expected maps of the same height and width")]
    public void Wrong_layers_are_refused_before_anything_is_trained(string teacher, string student, string expected)
    {
        using var folder = new TemporaryFolder();
        foreach (var term in new[] { "attention", "hints" })
        {
            var setting = $"distill.{term}={{weight: 1, layers: [{{teacher: {teacher}, student: {student}}}]}}";
            using var run = TinyRun.Create(TinyRun.Recipe(folder.File(term), "arms=[student, student-kd]", setting));
            var message = Assert.Throws<InputException>(() => TinyRun.Run(run, _ => Assert.Fail("a step was trained"))).Message;
            Assert.Contains($"distill.{term}.layers", message, StringComparison.Ordinal);
            Assert.Contains(expected, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Features_of_the_dense_network_are_one_term_whoever_teaches()
    {
        var (teacher, dense) = (Network(0.5, 2), Network(0.25, 3));
        var phase = new TrainingPhase("dst", Network(0.25, 1), _recipe.Train)
        {
            Teacher = teacher,
            Dense = dense,
            Distillation = new PrunedDistillationOptions { Alpha = 0.5, Features = 6 },
        };
        var terms = LossTerms.Of(phase.Lesson, seed: 1);
        Assert.Equal([null, teacher, dense, dense, dense], terms.Select(term => term.Teacher));
        Assert.Equal(["layer1.0.relu2", "layer2.0.relu2", "layer3.0.relu2"], LossTerms.LayersOfStudent(phase.Lesson));

        using var student = new TrainingNetwork(phase.Start, Batch, new(_pool), seed: 1, LossTerms.LayersOfStudent(phase.Lesson));
        using var loader = new BatchLoader(_data, _data.Training, Batch, augment: false, seed: 1);
        var batch = loader.Epoch(0).First();
        double LossWith(double features)
        {
            var options = new PrunedDistillationOptions { Alpha = 0.5, Features = features };
            using var objective = new Objective(phase.Lesson with { Distillation = options }, student, Batch, new(_pool), seed: 1);
            var logits = student.Forward(batch.Images, batch.Count, training: true);
            return objective.Compute(batch, epoch: 0, logits, new float[batch.Count * student.Classes]);
        }

        var errors = LossTerms.LayersOfStudent(phase.Lesson).Sum(ErrorOf);
        Assert.Equal(6 * errors / 3, LossWith(6) - LossWith(0), 1e-5 * errors); // the mean over the layers
        double ErrorOf(string layer)
        {
            var size = (int)student.Graph.Shapes[layer].Count * batch.Count;
            var (features, expected) = (new float[size], new float[size]);
            using var network = new TrainingNetwork(dense, Batch, new(_pool), seed: 1, [layer]);
            network.Forward(batch.Images, batch.Count, training: false);
            network.ReadFeature(layer, expected);
            student.Forward(batch.Images, batch.Count, training: true);
            student.ReadFeature(layer, features);
            return ReconstructionLoss.Compute(features, expected, 1, default);
        }
    }

    [Fact]
    public void A_network_without_blocks_has_no_features_to_compare()
    {
        var graph = new CheckedGraph(new("flat", new(3, 1, 1), [new("fc", new LinearOp(2), [NetworkGraph.InputName])]));
        var options = new PrunedDistillationOptions { Features = 1 };
        Assert.Contains(
            "distill_pruned.features is 1, but flat has no block before its output",
            Assert.Throws<InputException>(() => LossTerms.CheckBlocks(options, graph)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_without_layers_is_refused()
    {
        using var folder = new TemporaryFolder();
        using var run = TinyRun.Create(TinyRun.Recipe(folder.Path, "distill.hints.weight=1"));
        Assert.Contains(
            "distill.hints.layers is empty", Assert.Throws<InputException>(() => TinyRun.Run(run)).Message, StringComparison.Ordinal);
    }

    private TrainingPhase Phase(float hints, float attention, string layer)
    {
        LayerPair[] layers = [new() { Teacher = layer, Student = layer }];
        return new("student", Network(0.25, 1), _recipe.Train)
        {
            Teacher = Network(0.5, 2),
            Dense = Network(0.25, 3),
            Distillation = new PrunedDistillationOptions
            {
                Alpha = 0.5,
                Features = 2,
                Hints = new() { Weight = hints, Layers = layers },
                Attention = new() { Weight = attention, Layers = layers },
            },
        };
    }

    private Model Network(double width, long seed) => Initialiser.Initialise(Zoo.Build("resnet8", _data.Shape, 3, width), seed);
}
