using Dst.Graph;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;
using Dst.Training.Experiments.Starts;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.Experiments;

/// <summary>Models that are trained on, dense or pruned, rewound schedules, and teachers that cannot teach.</summary>
public sealed class ContinuedTrainingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _lines = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_pruned_student_is_taught_with_its_masks_as_they_are()
    {
        var path = Path.Combine(RunIn("first", "arms=[uhp]"), "uhp.safetensors");
        var before = ModelFile.Load(path);
        var after = Load(
            RunIn("second", "arms=[dst]", $"student.model={path}", "distill_pruned.teacher=teacher", "prune.block=1"), ArmNames.Dst);
        AssertSameMasks(before, after);
        Assert.NotEqual(before.Parameters["conv1.weight"].Data, after.Parameters["conv1.weight"].Data);
        Assert.Contains($"dst: student.model {path} is pruned already; it keeps its masks, and section prune has no effect", _lines);
    }

    [Theory]
    [InlineData("student-kd")]
    [InlineData("uhp")]
    public void Training_goes_on_from_a_model_dense_or_pruned(string arm)
    {
        var path = Path.Combine(RunIn("first", $"arms=[{arm}]"), $"{arm}.safetensors");
        var before = ModelFile.Load(path);
        // So small a rate leaves the weights where they began.
        var after = Load(
            RunIn("second", "arms=[student]", $"student.from={path}", "train.epochs=1", "train.ema=0", "train.schedule.learning_rate=1e-9"),
            ArmNames.Student);
        Assert.Equal(arm == "uhp", after.Masks.Count > 0);
        AssertSameMasks(before, after);
        Assert.Equal(before.Normalisation!.Mean, after.Normalisation!.Mean);
        var (a, b) = (before.Parameters["layer3.0.conv2.weight"].Data, after.Parameters["layer3.0.conv2.weight"].Data);
        for (var i = 0; i < a.Length; i++) Assert.Equal(a[i], b[i], 1e-6);
    }

    [Fact]
    public void A_rewound_schedule_replays_the_last_learning_rates_of_train()
    {
        var lines = new List<string>();
        using var run = TinyRun.Create(TinyRun.Recipe(_folder.Path, "arms=[dst]", "prune_train.schedule.kind=rewind"));
        TinyRun.Run(run, log: lines.Add);
        var rates = TinyRun.Metrics(run.Path).Skip(1).Select(line => line.Split(',')).ToLookup(cells => cells[0], cells => cells[2]);
        Assert.Equal(rates[ArmNames.StudentKd].TakeLast(2), rates[ArmNames.Dst]);
        var line = lines.Single(line => line.StartsWith("prune_train: ", StringComparison.Ordinal));
        Assert.Contains("learning rates of the last 2 of train's 3 epochs", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Reasons_why_layers_are_dense_are_those_of_the_run_that_pruned()
    {
        var first = RunIn("first", "arms=[uhp]", "prune.unit=weight", "prune.exclude=[conv1]");
        Assert.Equal("excluded by name", ReasonOf(first, ArmNames.Uhp));
        var path = Path.Combine(first, "uhp.safetensors");
        Assert.Equal("dense in the given model", ReasonOf(RunIn("second", "arms=[student]", $"student.from={path}"), ArmNames.Student));
        var taught = RunIn("third", "arms=[dst]", $"student.model={path}", "distill_pruned.teacher=teacher");
        Assert.Equal("dense in the given model", ReasonOf(taught, ArmNames.Dst));
        Assert.Equal("dense in the given model", ReasonOf(taught, ArmNames.StudentKd));

        static string? ReasonOf(string run, string arm) =>
            RunSummary.Load(Path.Combine(run, "summary.json")).Find(arm)!.Layers.Single(layer => layer.Name == "conv1").Skipped;
    }

    [Fact]
    public void A_network_without_batch_normalisation_is_named_before_it_is_trained_on()
    {
        var layers = new List<Node>
        {
            new("conv1", new Conv2dOp(4, 3, 3, 2), [NetworkGraph.InputName]), new("conv2", new Conv2dOp(4, 3, 3, 2), ["conv1"]),
            new("pool", new GlobalAvgPoolOp(), ["conv2"]), new("fc", new LinearOp(3), ["pool"]),
        };
        var path = _folder.File("folded.safetensors");
        ModelFile.Save(path, Initialiser.Initialise(new(new("folded", new(1, 16, 16), layers)), seed: 1));
        RunIn("first", "arms=[student]", $"student.from={path}");
        RunIn("second", "arms=[uhp]", $"student.model={path}", "prune.unit=weight");
        foreach (var key in new[] { "from", "model" })
            Assert.Contains(
                _lines,
                line => line.StartsWith($"student.{key} {path}: no batch normalisation", StringComparison.Ordinal)
                    && line.Contains("--restore-batch-norm"));
    }

    [Fact]
    public void A_model_that_knows_another_size_of_images_is_refused()
    {
        var path = Path.Combine(RunIn("first", "arms=[student]", "data.resize=16", "data.crop=12"), "student.safetensors");
        Assert.Equal(16, ModelFile.Load(path).Normalisation!.Resize);
        foreach (var key in new[] { "student.from", "student.model" })
        {
            var refusal = Assert.Throws<InputException>(() => RunIn("second", "arms=[student, uhp]", $"{key}={path}", "data.crop=12"));
            Assert.Contains(
                "was trained on images resized to 16x16; the data has data.resize 0 with data.fit stretch, and", refusal.Message);
        }
    }

    [Fact]
    public void A_model_that_is_not_square_takes_data_of_its_size()
    {
        var path = _folder.File("oblong.safetensors");
        ModelFile.Save(path, Initialiser.Initialise(Zoo.Build("resnet8", new(1, 20, 24), 2, width: 0.25), seed: 1));
        var refusal = Assert.Throws<InputException>(() => RunIn("second", "arms=[student]", $"student.from={path}"));
        Assert.Contains("takes 1x20x24; the data has 1x", refusal.Message);
        Assert.Contains("data.resize and data.crop that give 1x20x24 were expected", refusal.Message);
        RunIn("third", "arms=[student]", $"student.from={path}", "data.crop=20x24");
    }

    [Fact]
    public void A_model_that_says_nothing_of_its_inputs_gets_values_from_0_to_1()
    {
        var path = Path.Combine(RunIn("first", "arms=[student]"), "student.safetensors");
        ModelFile.Save(path, ModelFile.Load(path) with { Normalisation = null });
        var after = Load(RunIn("second", "arms=[student]", $"student.from={path}"), ArmNames.Student);
        Assert.All(after.Normalisation!.Mean, mean => Assert.Equal(0, mean));
        Assert.All(after.Normalisation.Deviation, deviation => Assert.Equal(1, deviation));
        Assert.Contains(_lines, line => line.StartsWith($"student.from {path} says nothing of its inputs", StringComparison.Ordinal));
    }

    [Fact]
    public void A_given_model_that_changed_is_named_on_resume()
    {
        var path = Path.Combine(RunIn("first", "arms=[student]"), "student.safetensors");
        var run = RunIn("second", "arms=[uhp]", $"student.model={path}");
        File.Delete(Path.Combine(run, "summary.json"));
        var model = ModelFile.Load(path);
        model.Parameters["conv1.weight"].Data[0] += 1;
        ModelFile.Save(path, model);
        using var resumed = RunFolder.Resume(run, []);
        var refusal = Assert.Throws<InputException>(() => TinyRun.Run(resumed));
        Assert.Contains("the file of student.model has the hash", refusal.Message);
    }

    [Fact]
    public void Another_number_of_classes_replaces_the_last_layer_alone()
    {
        var path = Path.Combine(RunIn("first", "arms=[uhp]"), "uhp.safetensors");
        var before = ModelFile.Load(path);
        var after = Load(
            RunIn(
                "second", "arms=[student]", $"student.from={path}", "data.simulated.classes=4", "train.epochs=1", "train.ema=0",
                "train.schedule.learning_rate=1e-9"),
            ArmNames.Student);
        Assert.Equal((3, 4), (before.Classes, after.Classes));
        AssertSameMasks(before, after);
        var (a, b) = (before.Parameters["conv1.weight"].Data, after.Parameters["conv1.weight"].Data);
        for (var i = 0; i < a.Length; i++) Assert.Equal(a[i], b[i], 1e-6);
        Assert.Contains(
            $"student.from {path} has other classes than the data; its last layer 'fc' begins anew with 4 classes", _lines);
    }

    [Fact]
    public void A_pruned_last_layer_is_replaced_without_its_mask()
    {
        var graph = new CheckedGraph(new("net", new(1, 16, 16),
        [
            new("conv", new Conv2dOp(8, 3, 3, Padding: 1), ["input"]), new("relu", new ReluOp(), ["conv"]),
            new("last", new Conv2dOp(4, 1, 1, Bias: true), ["relu"]), new("pool", new GlobalAvgPoolOp(), ["last"]),
            new("end", new SoftmaxOp(), ["pool"]),
        ]));
        var dense = Initialiser.Initialise(graph, seed: 1);
        var model = PruningPlan.Create(dense, new() { Block = 4, Group = 2 }).ApplyTo(dense);
        Assert.Contains("last", model.Masks.Keys);
        var (replaced, layer) = ClassifierHead.Replace(model, 3, seed: 1)!.Value;
        Assert.Equal(("last", 3, OutputKind.Logits), (layer, replaced.OutputCount, replaced.Outputs));
        Assert.DoesNotContain("last", replaced.Masks.Keys);
        Assert.Null(ClassifierHead.Reorder(model with { ClassNames = ["a", "b", "c", "d"] }, [1, 0, 2, 3]));
    }

    [Fact]
    public void Settings_that_contradict_a_model_to_go_on_from_are_refused()
    {
        var path = Path.Combine(RunIn("first", "arms=[student]"), "student.safetensors");
        (string[], string)[] cases =
        [
            (["arms=[half-width]"], "student.from"), (["arms=[uhp]", "prune.method=sr_ste"], "student.from"),
            (["arms=[uhp]", "student.is_teacher=true"], "student.from"),
            (["arms=[student]", "data.simulated.size=24"], "takes 1x16x16; the data has 1x24x24, and data.channels, data.resize and "
                + "data.crop"),
        ];
        foreach (var (settings, expected) in cases)
        {
            using var run = TinyRun.Create(TinyRun.Recipe(_folder.File(settings[^1]), [.. settings, $"student.from={path}"]));
            Assert.Contains(expected, Assert.Throws<InputException>(() => TinyRun.Run(run)).Message);
        }
    }

    [Fact]
    public void A_teacher_whose_classes_are_permuted_stops_the_run()
    {
        // 24 validation images, of which the teacher recognises two thirds or more, as with other seeds.
        string[] easy = ["data.simulated.difficulty=0", "data.simulated.per_class_train=40", "train.epochs=15", "teacher.dropout=0"];
        var path = Path.Combine(RunIn("first", [.. easy, "arms=[teacher]"]), "teacher.safetensors");
        var teacher = ModelFile.Load(path);
        var permuted = _folder.File("permuted.safetensors");
        ModelFile.Save(permuted, ClassifierHead.Reorder(teacher, [1, 2, 0])! with { ClassNames = [] });
        using (var run = TinyRun.Create(TinyRun.Recipe(
            _folder.File("second"), [.. easy, "arms=[student-kd]", $"teacher.model={permuted}"])))
        {
            var message = Assert.Throws<InputException>(() => TinyRun.Run(run, _ => Assert.Fail("a step was trained"))).Message;
            Assert.Contains("its classes are probably in another order", message);
        }

        // With its names, the teacher is put in the order of the data.
        ModelFile.Save(permuted, ClassifierHead.Reorder(teacher, [1, 2, 0])!);
        var used = Load(RunIn("third", "arms=[student-kd]", $"teacher.model={permuted}"), ArmNames.Teacher);
        Assert.Equal(teacher.Parameters["fc.weight"].Data, used.Parameters["fc.weight"].Data);
        Assert.Contains(_lines, line => line.Contains("has the classes of the data in another order"));
    }

    [Fact]
    public void A_teacher_that_was_trained_here_and_has_learnt_nothing_is_a_warning()
    {
        string[] hopeless = ["arms=[teacher]", "teacher.train={epochs: 1, ema: 0, schedule: {learning_rate: 1e-9}}"];
        RunIn("first", hopeless);
        Assert.DoesNotContain(_lines, line => line.Contains("chance")); // 6 validation images are too few to say so
        RunIn("second", [.. hopeless, "data.simulated.per_class_train=40"]);
        Assert.Contains(_lines, line => line.StartsWith("warning: teacher is no better than chance, 33.3", StringComparison.Ordinal));
    }

    [Fact]
    public void A_teacher_with_another_normalisation_teaches_as_the_same_network_with_that_of_the_data()
    {
        var path = Path.Combine(RunIn("first", "arms=[teacher]", "train.epochs=6"), "teacher.safetensors");
        var plain = RunIn("second", "arms=[student-kd]", $"teacher.model={path}");
        var teacher = ModelFile.Load(path);
        // Inputs are scaled by 4 and the first layer by 1/4: the same function with another normalisation.
        var other = teacher with
        {
            Normalisation = teacher.Normalisation! with { Deviation = [.. teacher.Normalisation!.Deviation.Select(value => value / 4)] },
            Parameters = teacher.Parameters.ToDictionary(
                tensor => tensor.Key,
                tensor => tensor.Key == "conv1.weight"
                    ? new Tensor(tensor.Value.Shape, Array.ConvertAll(tensor.Value.Data, value => value / 4)) : tensor.Value),
        };
        ModelFile.Save(_folder.File("other.safetensors"), other);
        var scaled = RunIn("third", "arms=[student-kd]", $"teacher.model={_folder.File("other.safetensors")}");
        Assert.Equal(TinyRun.Metrics(plain), TinyRun.Metrics(scaled));
        var (a, b) = (Load(plain, ArmNames.StudentKd), Load(scaled, ArmNames.StudentKd));
        Assert.Equal(a.Normalisation!.Mean, b.Normalisation!.Mean);
        Assert.Equal(other.Normalisation!.Deviation, Load(scaled, ArmNames.Teacher).Normalisation!.Deviation);
    }

    private static void AssertSameMasks(Model before, Model after)
    {
        Assert.Equal(before.Masks.Keys.Order(), after.Masks.Keys.Order());
        foreach (var (layer, mask) in before.Masks)
        {
            Assert.Equal(mask.PatternName, after.Masks[layer].PatternName);
            Assert.Equal(mask.Kept, after.Masks[layer].Kept);
            var weights = after.Parameters[$"{layer}.weight"].Data.ToArray();
            mask.Apply(weights);
            Assert.Equal(weights, after.Parameters[$"{layer}.weight"].Data);
        }
    }

    private static Model Load(string run, string arm) => ModelFile.Load(Path.Combine(run, $"{arm}.safetensors"));

    private string RunIn(string folder, params string[] overrides)
    {
        using var run = TinyRun.Create(TinyRun.Recipe(_folder.File(folder), overrides));
        TinyRun.Run(run, log: _lines.Add);
        return run.Path;
    }
}
