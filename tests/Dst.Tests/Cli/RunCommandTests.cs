using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Dst.Cli;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;
using Dst.Training.Networks;

namespace Dst.Tests.Cli;

public sealed class RunCommandTests : IDisposable
{
    private const string Recipe = """
        name: tiny
        data:
          kind: simulated
          simulated: { classes: 2, per_class_train: 8, per_class_test: 4, size: 16 }
          validation: 0.25
        teacher: { arch: resnet8, width: 0.25 }
        student: { arch: resnet8, width: 0.25 }
        train: { epochs: 2, batch: 4 }
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly string _recipe;
    private readonly string _runs;

    public RunCommandTests()
    {
        _recipe = _folder.File("tiny.yaml");
        _runs = _folder.File("runs");
        File.WriteAllText(_recipe, Recipe);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_prints_a_row_an_arm_and_the_run_folder()
    {
        var run = Terminal.Run("run", _recipe, "--out", _runs, "--set", "arms=[student-kd, dst]", "--seed", "7");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        var folder = Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "tiny")));
        Assert.Contains($"run folder: {folder}", run.Output);
        Assert.All(["teacher", "student-kd", "dst"], arm => Assert.Matches($"(?m)^{arm} +resnet8 ", run.Output));
        Assert.Contains("dst: epoch 2 of 2", run.Error);
        const string difference = "a difference in test top-1 between dst and student-kd";
        Assert.Matches($@"(?m)^\d+ test images: {difference} below [\d.]+ points can be chance$", run.Output);
        Assert.Contains("layers of dst:", run.Output);
        Assert.Matches(@"(?m)^fc .* dense \(linear layer\)$", run.Output);
        Assert.Matches(@"(?m)^layer1.0.conv1 .* row:16:16$", run.Output);
        Assert.Equal(7, RunSummary.Load(Path.Combine(folder, "summary.json")).Seed);
        var model = Path.Combine(folder, "dst.safetensors");
        Assert.True(File.Exists(model));
        var report = Path.Combine(folder, "report.html");
        Assert.Contains($"report: {report}\n", run.Output);
        var page = File.ReadAllText(report);
        Assert.Contains($"<dd>./dst run {_recipe} --out {_runs} --set 'arms=[student-kd, dst]' --seed 7</dd>", page);
        Assert.Contains("<h3>Time of each layer</h3>", page); // the run has measured them
        Assert.DoesNotContain("class=\"notice\"", page);
        Assert.Contains($"model: {model}\nnext: ./dst predict {model} IMAGE...\n      ./dst eval {model} {folder}\n", run.Output);
        Assert.EndsWith($"      ./dst inspect {model}\n", run.Output);
    }

    [Fact]
    public void A_dashboard_without_its_port_is_refused_and_leaves_no_folder()
    {
        Terminal.Run("run", _recipe, "--port", "8091").AssertWrongInput("--port", "--dashboard");
        Terminal.Run("run", _recipe, "--dry-run", "--dashboard").AssertWrongInput("--dry-run", "--dashboard");
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = $"{((IPEndPoint)other.LocalEndpoint).Port}";
        var taken = Terminal.Run("run", _recipe, "--out", _runs, "--dashboard", "--port", port);
        taken.AssertFailsWith(CommandLine.WrongInput, $"--port {port} cannot be used");
        Assert.False(Directory.Exists(Path.Combine(_runs, "tiny")));
    }

    [Fact]
    public void Json_of_run_is_one_document_with_the_arms()
    {
        var run = Terminal.Run("run", _recipe, "--out", _runs, "--set", "arms=[student]", "--json");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        var arm = Assert.Single(document.RootElement.GetProperty("arms").EnumerateArray());
        Assert.Equal("student", arm.GetProperty("arm").GetString());
        Assert.InRange(arm.GetProperty("test_top1").GetDouble(), 0, 1);
        var latency = arm.GetProperty("latency_ms");
        Assert.True(latency.GetProperty("min").GetDouble() <= latency.GetProperty("median").GetDouble());
        Assert.True(Directory.Exists(document.RootElement.GetProperty("folder").GetString()));
    }

    [Fact]
    public void Several_seeds_run_one_after_another_can_be_resumed_and_are_summed_up()
    {
        using var cancellation = new CancellationTokenSource();
        using var output = new StringWriter();
        using var error = new CancellingWriter(cancellation, "epoch 1 of 2");
        Assert.Equal(
            CommandLine.Cancelled,
            CommandLine.Run(
                ["run", _recipe, "--out", _runs, "--set", "arms=[student]", "--seeds", "3,1"], output, error, cancellation.Token));
        var set = Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "tiny")));
        Assert.Contains($"./dst run --resume {set}\n", error.ToString());
        Assert.Equal(["seed-3"], Directory.GetDirectories(set).Select(Path.GetFileName));

        var resumed = Terminal.Run("run", "--resume", set, "--json");
        Assert.Equal(CommandLine.Done, resumed.ExitCode);
        using var document = JsonDocument.Parse(resumed.Output);
        var top1 = document.RootElement.GetProperty("runs").EnumerateArray()
            .Select(run => run.GetProperty("arms")[0].GetProperty("test_top1").GetDouble()).ToArray();
        var arm = Assert.Single(document.RootElement.GetProperty("arms").EnumerateArray());
        Assert.Equal(("student", 2), (arm.GetProperty("arm").GetString(), arm.GetProperty("seeds").GetInt32()));
        Assert.Equal(top1.Average(), arm.GetProperty("test_top1").GetProperty("mean").GetDouble(), 12);
        Assert.Equal(Math.Abs(top1[0] - top1[1]) / Math.Sqrt(2), arm.GetProperty("test_top1").GetProperty("deviation").GetDouble(), 12);
        foreach (var seed in new[] { 1, 3 }) Assert.Equal(seed, RunSummary.Load(Path.Combine(set, $"seed-{seed}", "summary.json")).Seed);

        var alone = Terminal.Run("run", _recipe, "--out", _folder.File("alone"), "--set", "arms=[student]", "--seed", "1");
        Assert.Equal(CommandLine.Done, alone.ExitCode);
        var one = Assert.Single(Directory.GetDirectories(Path.Combine(_folder.File("alone"), "tiny")));
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(one, "student.safetensors")),
            File.ReadAllBytes(Path.Combine(set, "seed-1", "student.safetensors")));

        var again = Terminal.Run("run", "--resume", set);
        Assert.Contains(" ± ", again.Output);
        Assert.Contains($"      ./dst inspect {Path.Combine(set, "seed-1", "student.safetensors")}\n", again.Output);
        Assert.DoesNotContain("epoch", again.Error);
        Assert.Contains("seeds 1, 3", Terminal.Run("results", set).Output);
        Terminal.Run("run", "--resume", set, "--seeds", "3,1,2").AssertWrongInput("seeds is [3, 1], now [3, 1, 2]");
    }

    [Theory]
    [InlineData("distill.alpha=5", "distill.labels is not set")]
    [InlineData("data.validation=0", "no validation images")]
    [InlineData("student.model=none.safetensors", "none.safetensors")]
    public void A_run_that_is_refused_leaves_no_folder_behind(string setting, string expected)
    {
        foreach (var seeds in new[] { "1", "1,2" })
        {
            var run = Terminal.Run("run", _recipe, "--out", _runs, "--set", setting, "--seeds", seeds);
            Assert.Equal(CommandLine.WrongInput, run.ExitCode);
            Assert.Contains(expected, run.Error.TrimEnd('\n').Split('\n')[^1]);
            Assert.False(Directory.Exists(_runs));
        }
    }

    [Fact]
    public void A_run_whose_teacher_is_at_chance_leaves_no_folder_behind()
    {
        var teacher = _folder.File("teacher.safetensors");
        var model = Initialiser.Initialise(Zoo.Build("resnet8", new(1, 16, 16), 2, width: 0.25), seed: 1);
        model.Parameters["fc.weight"].Data.AsSpan().Clear(); // every image is of the first class
        ModelFile.Save(teacher, model);
        foreach (var seeds in new[] { "1", "1,2" })
        {
            string[] enough = ["--set", "data.simulated.per_class_train=32"]; // with 8 images of each class, 4 would say it
            Terminal.Run(["run", _recipe, "--out", _runs, "--set", $"teacher.model={teacher}", "--seeds", seeds, .. enough])
                .AssertFailsWith(CommandLine.WrongInput, "chance");
            Assert.Empty(Directory.GetDirectories(_runs));
        }
    }

    [Theory]
    [InlineData("train", "arms=[dst]", "arms has no effect in dst train")]
    [InlineData("train", "prune.block=4", "prune.block has no effect in dst train")]
    [InlineData("distill --teacher x", "arms=[teacher]", "arms has no effect in dst distill")]
    public void A_verb_of_one_arm_refuses_others(string verb, string setting, string expected)
    {
        var words = verb.Split(' ');
        Terminal.Run([words[0], _recipe, .. words[1..], "--out", _runs, "--set", setting]).AssertWrongInput(expected);
    }

    [Fact]
    public void An_architecture_beside_a_model_to_go_on_from_is_refused_with_the_reason()
    {
        var model = SampleModel.SaveDense(_folder, "a", "b");
        Terminal.Run("train", _recipe, "--arch", "resnet8", "--from", model).AssertWrongInput(
            $"option --arch: student.arch has no effect with student.from {model}, which has an architecture of its own");
    }

    [Fact]
    public void A_section_that_replaces_another_is_told()
    {
        var run = Terminal.Run("run", _recipe, "--out", _runs, "--dry-run", "--set", "train={epochs: 3}", "--set", "data.simulated={}");
        Assert.Contains("option --set train={epochs: 3} replaces the whole section, and leaves out batch of the recipe\n", run.Error);
        Assert.DoesNotContain("data.simulated={}", run.Error);
    }

    [Fact]
    public void What_is_no_recipe_and_no_data_is_told_its_place()
    {
        var folder = Directory.CreateDirectory(_folder.File("photos")).FullName;
        var model = SampleModel.SaveDense(_folder, "a", "b");
        File.WriteAllBytes(Path.Combine(folder, "1.png"), TestImages.GreyPng(4, 4, (_, _) => 1));
        Terminal.Run("halve", model, folder, "--out", "x").AssertWrongInput($"--data {folder} for images without labels");
        Terminal.Run("train", folder, "--data.path", "other").AssertWrongInput(folder, "'other'", "one of them was expected");
        File.WriteAllText(Path.Combine(folder, "recipe.yaml"), Recipe);
        Terminal.Run("run", folder).AssertWrongInput($"--resume {folder}");
        var image = _folder.File("a.png");
        File.WriteAllBytes(image, [0x89, .. "PNG"u8, 0, 1, 2, 3]);
        Terminal.Run("train", image).AssertWrongInput("is a PNG image; a recipe file, or labelled images");
        File.WriteAllBytes(image, "PK\u0003\u0004"u8);
        Terminal.Run("train", image).AssertWrongInput("is a PyTorch file (.pt) or another zip archive", "in a folder, a zip archive");
        Terminal.Run("train", model).AssertWrongInput("is a model file", $"--from {model}");
        Assert.DoesNotContain("--from", Terminal.Run("eval", model, model).Error); // it trains none
        Terminal.Run("train", _folder.File("nowhere")).AssertWrongInput("nowhere' does not exist; a recipe file, or labelled images");
        Terminal.Run("compress", model).AssertWrongInput(model, "no --data");
        Terminal.Run("compress", _recipe, "--data", folder).AssertWrongInput(_recipe, "is no model");
        Terminal.Run("run", "--resume", folder, "--dry-run").AssertWrongInput("--dry-run", "--resume");
    }

    [Fact]
    public void Force_without_resume_is_refused() => Terminal.Run("run", _recipe, "--force").AssertWrongInput("--force", "--resume");

    [Theory]
    [InlineData("1,2,1", "the seed 1 twice")]
    [InlineData("1,x", "seeds in the recipe is 'x'; expected a whole number")]
    public void Wrong_seeds_are_refused(string seeds, string expected) =>
        Terminal.Run("run", _recipe, "--out", _runs, "--seeds", seeds).AssertWrongInput(expected);

    [Fact]
    public void Cancelling_exits_with_130_and_says_how_to_resume_and_resuming_ends_the_run()
    {
        using var cancellation = new CancellationTokenSource();
        using var output = new StringWriter();
        using var error = new CancellingWriter(cancellation, "epoch 1 of 2");
        var exitCode = CommandLine.Run(["run", _recipe, "--out", _runs, "--set", "arms=[student]"], output, error, cancellation.Token);
        Assert.Equal((CommandLine.Cancelled, ""), (exitCode, output.ToString()));
        var folder = Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "tiny")));
        Assert.Contains($"./dst run --resume {folder}", error.ToString());
        Assert.EndsWith("dst: cancelled\n", error.ToString());

        var latest = Path.Combine(_runs, "latest");
        var resumed = Terminal.Run("run", "--resume", Directory.Exists(latest) ? latest : folder);
        Assert.Equal(CommandLine.Done, resumed.ExitCode);
        Assert.Contains($"run folder: {folder}\n", resumed.Output); // the link points elsewhere soon
        Assert.Contains("resumed", resumed.Error);
        Assert.DoesNotContain("epoch 1 of 2", resumed.Error);
        Assert.NotNull(RunSummary.Load(Path.Combine(folder, "summary.json")).Find("student"));
    }

    [Fact]
    public void A_run_that_is_stopped_in_its_first_epoch_is_the_latest()
    {
        Assert.Equal(CommandLine.Done, Terminal.Run("train", _recipe, "--out", _runs).ExitCode);
        if (new FileInfo(Path.Combine(_runs, "latest")).LinkTarget is not { } earlier) return; // no links here
        using var cancellation = new CancellationTokenSource();
        using var error = new CancellingWriter(cancellation, "student: resnet8, 2 epochs");
        Assert.Equal(
            CommandLine.Cancelled, CommandLine.Run(["train", _recipe, "--out", _runs], new StringWriter(), error, cancellation.Token));
        Assert.DoesNotContain("epoch 1 of 2", error.ToString());
        Assert.NotEqual(earlier, new FileInfo(Path.Combine(_runs, "latest")).LinkTarget);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("train")]
    [InlineData("distill", "--teacher", "teacher.safetensors")]
    public void Without_data_and_recipe_there_is_nothing_to_do(params string[] arguments) =>
        Terminal.Run(arguments).AssertWrongInput($"{arguments[0]} has neither data nor a recipe");

    [Fact]
    public void Train_makes_one_arm_of_the_architecture_that_is_named_and_checks_no_other()
    {
        var run = Terminal.Run(
            "train", _recipe, "--teacher", "--arch", "resnet14", "--out", _runs, "--set", "train.epochs=1", "--json");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        var arm = Assert.Single(document.RootElement.GetProperty("arms").EnumerateArray());
        Assert.Equal(("teacher", "resnet14"), (arm.GetProperty("arm").GetString(), arm.GetProperty("network").GetString()));
    }

    [Theory]
    [InlineData("train", "student.model=pruned.safetensors", "student.model")]
    [InlineData("train", "prune.block=4", "prune.block")]
    [InlineData("train", "student={model: pruned.safetensors}", "student.model")]
    [InlineData("train --teacher", "student.arch=aconvnet", "student.arch")]
    [InlineData("run", "teacher.width=2", "teacher.width")]
    [InlineData("distill --teacher t.safetensors", "teacher.arch=resnet20", "teacher.arch")]
    [InlineData("distill --teacher t.safetensors --student s.safetensors", "student.arch=resnet20", "student.arch")]
    [InlineData("eval model.safetensors", "train.epochs=3", "train.epochs")]
    [InlineData("data inspect", "student.arch=resnet8", "student.arch")]
    public void Keys_without_effect_are_refused(string verb, string setting, string key)
    {
        var command = verb == "run" ? ["run", _recipe, "--set", "arms=[student]"] : verb.Split(' ');
        Terminal.Run([.. command, "--set", setting]).AssertWrongInput(key, $"has no effect in dst {command[0]}", "which reads ");
    }

    [Fact]
    public void Distill_takes_a_teacher_and_halves_a_student_that_is_given()
    {
        // A teacher that is given must be better than chance.
        string[] easy = ["--set", "data.simulated.difficulty=0", "--set", "train.epochs=8"];
        Assert.Equal(
            CommandLine.Done,
            Terminal.Run(["run", _recipe, "--out", _runs, "--set", "arms=[student-kd]", .. easy]).ExitCode);
        var finished = Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "tiny")));
        var (teacher, student) = (Path.Combine(finished, "teacher.safetensors"), Path.Combine(finished, "student-kd.safetensors"));
        var run = Terminal.Run(
            ["distill", _recipe, "--teacher", teacher, "--student", student, "--out", _folder.File("distilled"), .. easy]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        var folder = Assert.Single(Directory.GetDirectories(Path.Combine(_folder.File("distilled"), "tiny")));
        var dst = RunSummary.Load(Path.Combine(folder, "summary.json")).Find(ArmNames.Dst);
        Assert.NotNull(dst);
        Assert.True(dst.Nonzero < dst.Weights);
    }

    [Theory]
    [InlineData("train.epoch=3", "'epoch'", "'epochs'")]
    [InlineData("train.epochs=0", "'0'", "from 1 to")]
    [InlineData("arms=[dts]", "dts", "dst")]
    [InlineData("student.arch=resnet9", "resnet9", "resnet8")]
    [InlineData("student.arch=aconvnet", "aconvnet", "pixels")]
    [InlineData("train", "train", "key=value")]
    public void A_wrong_key_or_value_is_named(string assignment, params string[] words)
    {
        var run = Terminal.Run("run", _recipe, "--out", _runs, "--set", assignment);
        Assert.Equal((CommandLine.WrongInput, ""), (run.ExitCode, run.Output));
        var sentence = run.Error.TrimEnd('\n').Split('\n')[^1];
        Assert.StartsWith("dst: ", sentence);
        Assert.All(words, word => Assert.Contains(word, sentence));
    }

    [Fact]
    public void Data_that_is_missing_leaves_no_run_folder_behind()
    {
        string[] missing = ["run", _recipe, "--out", _runs, "--data.kind", "folder", "--data.path", _folder.File("none")];
        Terminal.Run(missing).AssertWrongInput("data.simulated is set and data.kind is folder");
        Terminal.Run([.. missing, "--set", "data.simulated={}"]).AssertWrongInput("none", "does not exist");
        Assert.False(Directory.Exists(_runs));
    }

    [Fact]
    public void Cancelling_while_data_is_loaded_exits_with_130_and_leaves_no_run_folder_behind()
    {
        var run = Terminal.Run(new CancellationToken(canceled: true), "run", _recipe, "--out", _runs);
        Assert.Equal((CommandLine.Cancelled, "", "dst: cancelled\n"), (run.ExitCode, run.Output, run.Error));
        Assert.False(Directory.Exists(_runs));
    }

    [Fact]
    public void A_missing_recipe_is_named() => Terminal.Run("run", _folder.File("none.yaml")).AssertWrongInput("none.yaml");

    [Fact]
    public void Resuming_with_another_recipe_is_refused_and_names_the_key()
    {
        Assert.Equal(
            CommandLine.Done, Terminal.Run("run", _recipe, "--out", _runs, "--set", "arms=[student]", "--set", "train.epochs=1").ExitCode);
        var folder = Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "tiny")));
        Terminal.Run("run", "--resume", folder, "--set", "train.epochs=5").AssertWrongInput("train.epochs is 1, now 5");
    }

    [Fact]
    public void Resuming_a_folder_that_is_not_a_run_is_refused() =>
        Terminal.Run("run", "--resume", _folder.Path).AssertWrongInput(_folder.Path, "recipe.yaml");
}
