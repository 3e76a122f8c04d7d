using System.Globalization;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Experiments;

/// <summary>Networks that a run is given, and dense networks that teach their pruned selves.</summary>
public sealed class GivenNetworkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_finished_teacher_is_imported_and_one_for_other_data_is_refused()
    {
        var teacher = Path.Combine(RunIn("first", "arms=[teacher]"), "teacher.safetensors");
        using (var run = TinyRun.Create(TinyRun.Recipe(_folder.File("second"), "arms=[student-kd]", $"teacher.model={teacher}")))
        {
            var summary = TinyRun.Run(run);
            Assert.Equal(0, summary.Find(ArmNames.Teacher)!.Epochs);
            Assert.Equal(File.ReadAllBytes(teacher), File.ReadAllBytes(run.ModelPath(ArmNames.Teacher)));
        }

        using var other = TinyRun.Create(TinyRun.Recipe(_folder.File("third"), "data.simulated.classes=4", $"teacher.model={teacher}"));
        Assert.Contains(
            "has 3 classes; the data has", Assert.Throws<InputException>(() => TinyRun.Run(other)).Message, StringComparison.Ordinal);

        (string, string)[] inputs = [("data.normalise=image", "normalised image by image"), ("data.smooth=true", ", smoothed")];
        foreach (var (setting, expected) in inputs)
        {
            using var otherInputs = TinyRun.Create(TinyRun.Recipe(_folder.File(setting), setting, $"teacher.model={teacher}"));
            Assert.Contains(expected, Assert.Throws<InputException>(() => TinyRun.Run(otherInputs)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_student_that_cannot_be_used_is_refused_before_a_teacher_is_trained()
    {
        var pruned = Path.Combine(RunIn("first", "arms=[uhp]"), "uhp.safetensors");
        (string[], string)[] cases =
        [
            ([$"student.model={pruned}"], "is pruned already, and distill_pruned compares it with the dense network"),
            ([$"student.model={pruned}", "arms=[unstructured-kd]"], "is pruned already, and the arm unstructured-kd needs a dense one"),
            ([$"student.model={_folder.File("none.safetensors")}"], "does not exist"),
            ([$"teacher.model={pruned}", "student.is_teacher=true"], "is pruned already (layer '"),
            ([$"teacher.model={pruned}", $"student.model={pruned}"], "expected student.is_teacher=true in place of student.model"),
        ];
        foreach (var (settings, expected) in cases)
        {
            using var run = TinyRun.Create(TinyRun.Recipe(_folder.File("second"), ["arms=[dst]", .. settings]));
            var error = Assert.Throws<InputException>(() => TinyRun.Run(run, _ => Assert.Fail("a step was trained")));
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_dense_student_that_an_arm_cannot_use_is_refused()
    {
        var student = Path.Combine(RunIn("first", "arms=[student]"), "student.safetensors");
        (string[], string)[] cases =
        [
            (["arms=[half-width]", "student.width=0.5"], "is not the network 'resnet8' that half-width makes"),
            (["arms=[uhp]", "prune.method=sr_ste"], "with prune.method sr_ste, which trains from scratch"),
        ];
        foreach (var (settings, expected) in cases)
        {
            using var run = TinyRun.Create(TinyRun.Recipe(_folder.File(settings[^1]), [$"student.model={student}", .. settings]));
            var error = Assert.Throws<InputException>(() => TinyRun.Run(run, _ => Assert.Fail("a step was trained")));
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("training", true)]
    [InlineData("test", false)] // these images are new to it
    public void A_given_network_that_knows_the_validation_images_is_a_warning(string validationFrom, bool expected)
    {
        string[] settings = ["data.simulated.difficulty=1", "data.shift=0", "data.pad=0", "arms=[teacher]", "teacher.dropout=0"];
        var teacher = Path.Combine(RunIn("first", [.. settings, "train.epochs=40", "data.validation_from=test"]), "teacher.safetensors");
        var lines = new List<string>();
        using var run = TinyRun.Create(TinyRun.Recipe(
            _folder.File("second"), [.. settings, $"data.validation_from={validationFrom}", $"teacher.model={teacher}"]));
        TinyRun.Run(run, log: lines.Add);
        var warning = lines.Find(line => line.StartsWith($"warning: teacher.model {teacher} scores 100.0", StringComparison.Ordinal));
        Assert.Equal(expected, warning?.Contains("expected data.validation_from: test", StringComparison.Ordinal) == true);
    }

    [Fact]
    public void A_teacher_can_be_pruned_itself()
    {
        var teacher = Path.Combine(RunIn("first", "arms=[teacher]"), "teacher.safetensors");
        string[] settings =
            [$"teacher.model={teacher}", "student={is_teacher: true}", "prune.permute=true", "arms=[uhp, dst, dense-longer, half-width]"];
        using var run = TinyRun.Create(TinyRun.Recipe(_folder.File("self"), settings));
        var summary = TinyRun.Run(run);
        Assert.Equal(
            [ArmNames.Teacher, ArmNames.Uhp, ArmNames.Dst, ArmNames.DenseLonger, ArmNames.HalfWidth], summary.Arms.Select(arm => arm.Arm));
        var (dense, halved, longer) = (Load(run, ArmNames.Teacher), Load(run, ArmNames.Dst), Load(run, ArmNames.DenseLonger));
        Assert.Equal(dense.Graph.Parameters.Select(shape => shape.Name), halved.Graph.Parameters.Select(shape => shape.Name));
        Assert.NotEmpty(halved.Masks);
        Assert.Empty(longer.Masks);
        Assert.NotEqual(dense.Parameters["conv1.weight"].Data, longer.Parameters["conv1.weight"].Data);
        var narrow = summary.Find(ArmNames.HalfWidth)!.Weights;
        Assert.InRange(narrow, summary.Find(ArmNames.Dst)!.Weights / 3, summary.Find(ArmNames.Dst)!.Weights - 1);
    }

    [Fact]
    public void A_network_that_teaches_itself_is_the_same_as_teacher_and_as_dense_network()
    {
        string[] settings = ["student={is_teacher: true}", "prune.permute=true", "arms=[dst]"];
        var byName = new[] { "teacher", "dense", "both" }
            .Select(choice => Path.Combine(RunIn(choice, [.. settings, $"distill_pruned.teacher={choice}"]), "dst.safetensors"))
            .Select(path => ModelFile.Load(path).Parameters["conv1.weight"].Data).ToList();
        Assert.Equal(byName[0], byName[1]);
        for (var i = 0; i < byName[0].Length; i++) Assert.Equal(byName[0][i], byName[2][i], 1e-4); // two halves of one term
    }

    // Features in another order than the halved network's would be as far away as those of another network.
    [Fact]
    public void The_dense_network_teaches_in_the_order_of_channels_that_pruning_gave()
    {
        var student = Path.Combine(RunIn("first", "arms=[student-kd]", "train.epochs=20"), "student-kd.safetensors");
        string[] settings =
        [
            "arms=[dst]", $"student.model={student}", "prune={unit: weight, block: 2, group: 8, keep: 0.875}",
            "prune_train={epochs: 1, schedule: {learning_rate: 1e-9}}",
            "distill_pruned={teacher: dense, alpha: 0, labels: 0, features: 1}",
        ];
        var (given, permuted) = (RunIn("given", settings), RunIn("permuted", [.. settings, "prune.permute=true"]));
        Assert.NotEqual(Weights(given), Weights(permuted));
        Assert.InRange(Loss(permuted), 0.01, 2 * Loss(given));

        static float[] Weights(string run) => ModelFile.Load(Path.Combine(run, "dst.safetensors")).Parameters["fc.weight"].Data;
        static double Loss(string run) => double.Parse(TinyRun.Metrics(run)[^1].Split(',')[3], CultureInfo.InvariantCulture);
    }

    private static Model Load(RunFolder run, string arm) => ModelFile.Load(run.ModelPath(arm));

    private string RunIn(string folder, params string[] overrides) => TinyRun.RunIn(_folder.File(folder), overrides);
}
