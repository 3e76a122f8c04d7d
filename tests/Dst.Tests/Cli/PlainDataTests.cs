using System.Text.Json;
using System.Text.RegularExpressions;
using Dst.Cli;
using Dst.Cli.Usage;
using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Cli;

/// <summary>From a folder of images to models without a recipe.</summary>
public sealed class PlainDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _photos;
    private readonly string _runs;

    public PlainDataTests()
    {
        (_photos, _runs) = (_folder.File("my photos"), _folder.File("it's my runs"));
        foreach (var (label, name) in new[] { "dark", "bright" }.Index())
        {
            var folder = Directory.CreateDirectory(Path.Combine(_photos, name)).FullName;
            for (var i = 0; i < 10; i++)
            {
                var level = 120 * label + 4 * i;
                File.WriteAllBytes(
                    Path.Combine(folder, $"{i}.png"), TestImages.GreyPng(14 + i, 20, (y, x) => (byte)(level + (x * y + i) % 7)));
            }
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_dry_run_says_each_choice_and_writes_nothing()
    {
        var run = Terminal.Run("train", _photos, "--out", _runs, "--dry-run");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains("20 images of 2 classes, grey, several sizes, median side 19\n", run.Error);
        Assert.Contains("  network resnet8 for 20 images (--arch NAME)\n", run.Error);
        Assert.Contains("  input 32x32, to which images are resized (--size PIXELS)\n", run.Error);
        Assert.Contains("  60 epochs for 20 images (--epochs N)\n", run.Error);
        Assert.Matches(@"(?m)^student +resnet8 +77\.\dk +12\.\dM +60 +60$", run.Output);
        Assert.Contains($"run folder: {Path.Combine(_runs, "my-photos")}", run.Output);
        Assert.False(Directory.Exists(_runs));

        var json = Terminal.Run("compress", _photos, "--out", _runs, "--dry-run", "--epochs", "8", "--size", "24", "--int8", "--json");
        using var document = JsonDocument.Parse(json.Output);
        Assert.Equal("1x24x24", document.RootElement.GetProperty("input").GetString());
        Assert.Equal(
            [("teacher", 8), ("student-kd", 8), ("dst", 4), ("dst-int8", 1)],
            document.RootElement.GetProperty("arms").EnumerateArray()
                .Select(arm => (arm.GetProperty("arm").GetString()!, arm.GetProperty("epochs").GetInt32())));
        Assert.DoesNotContain("(--epochs", json.Error);
    }

    [Fact]
    public void Compress_says_how_it_halves_and_how_much_the_teacher_weighs()
    {
        string[] compress = ["compress", _photos, "--dry-run"];
        var log = Terminal.Run(compress).Error;
        Assert.Contains("  weights to keep are chosen by obs, kept weights are fitted by least_squares, channels are permuted", log);
        Assert.Contains("  after halving the teacher weighs as much as the labels, α 0.5 (--set distill_pruned.alpha=VALUE)\n", log);
        log = Terminal.Run([.. compress, "--set", "prune.permute=false", "--set", "distill_pruned={alpha: 0.9}"]).Error;
        Assert.Contains("stays dense (--set prune.score=VALUE, --set prune.repair=VALUE, --set prune.exclude_first=VALUE)\n", log);
        Assert.DoesNotContain("weighs as much", log);
        Assert.DoesNotContain("obs", Terminal.Run("train", _photos, "--dry-run").Error);
    }

    [Fact]
    public void An_option_takes_a_path_in_the_home_folder()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var run = Terminal.Run("train", _photos, "--out=~/no runs", "--dry-run");
        Assert.Contains($"run folder: {Path.Combine(home, "no runs", "my-photos")}", run.Output);
        Terminal.Run("train", "~/no photos").AssertWrongInput($"'{Path.Combine(home, "no photos")}' does not exist");
    }

    [Fact]
    public void A_text_that_is_named_as_an_archive_is_no_recipe()
    {
        var file = _folder.File("photos.zip");
        File.WriteAllText(file, "<html>not found</html>");
        Terminal.Run("train", file).AssertWrongInput($"'{file}' is a text file; a recipe file, or labelled images in a folder");
    }

    [Theory]
    [InlineData("Bänder")]
    [InlineData("Ba\u0308nder")] // as file systems of macOS have it
    public void Letters_of_every_alphabet_stay_in_the_name_of_a_run(string name)
    {
        var data = _folder.File(name);
        Directory.Move(_photos, data);
        var run = Terminal.Run("train", data, "--out", _runs, "--dry-run");
        Assert.Contains($"run folder: {Path.Combine(_runs, "Bänder")}", run.Output);
    }

    [Fact]
    public void A_dry_run_refuses_a_folder_of_runs_that_cannot_be_made()
    {
        File.WriteAllText(_folder.File("file"), "");
        foreach (var runs in new[] { _folder.File("file"), _folder.File("file/runs"), "/proc/runs" })
        {
            var run = Terminal.Run("train", _photos, "--out", runs, "--dry-run");
            Assert.Equal(CommandLine.WrongInput, run.ExitCode);
            Assert.Matches($@"\ndst: run folder {runs}/my-photos/[0-9-]+ cannot be used \(.+\); expected a writable folder", run.Error);
        }
    }

    [Fact]
    public void Inspect_shows_the_splits_and_the_input_of_a_training()
    {
        var training = Terminal.Run("train", _photos, "--out", _runs, "--dry-run", "--json");
        var inspection = Terminal.Run("data", "inspect", _photos, "--json");
        using var trained = JsonDocument.Parse(training.Output);
        using var inspected = JsonDocument.Parse(inspection.Output);
        var splits = inspected.RootElement.GetProperty("splits").EnumerateArray()
            .ToDictionary(split => split.GetProperty("name").GetString()!, split => split.GetProperty("count").GetInt32());
        Assert.Equal(12, splits["training"]); // 4 images of each class are the test, and a fifth of the others the validation
        Assert.All(splits, split => Assert.Equal(split.Value, trained.RootElement.GetProperty($"{split.Key}_images").GetInt32()));
        Assert.Equal(trained.RootElement.GetProperty("input").GetString(), inspected.RootElement.GetProperty("input").GetString());
        Assert.Contains("  input 32x32, to which images are resized (--set data.resize=VALUE)\n", inspection.Error);
        Assert.Contains("  20 % of the training images choose the best epoch (--set data.validation=VALUE)\n", inspection.Error);
        Assert.DoesNotContain("resnet8", inspection.Error);
        Assert.Contains(
            "has no effect in dst data inspect", Terminal.Run("data", "inspect", _photos, "--set", "train.epochs=3").Error);
    }

    [Fact]
    public void Images_that_cannot_be_read_are_named_together()
    {
        foreach (var name in new[] { "bright/3.png", "dark/0.png" })
            File.WriteAllBytes(Path.Combine(_photos, name), File.ReadAllBytes(Path.Combine(_photos, name))[..50]);
        foreach (var verb in new[] { "train", "compress" })
        {
            var run = Terminal.Run(verb, _photos, "--out", _runs);
            run.AssertFailsWith(CommandLine.WrongInput, "2 of 20 images cannot be read; mend them or take them away: ");
            Assert.All(["3.png", "0.png"], name => Assert.Contains($"{name}' is", run.Error));
        }
    }

    [Fact]
    public void A_folder_becomes_a_model_and_the_model_a_halved_one()
    {
        var run = Terminal.Run("train", _photos, "--out", _runs, "--epochs", "8", "--size", "16", "--name", "first");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        var folder = Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "first")));
        var model = Path.Combine(folder, "student.safetensors");
        Assert.Equal(folder, new DirectoryInfo(Path.Combine(_runs, "latest")).ResolveLinkTarget(true)!.FullName);
        var (quotedModel, quotedFolder) = (ShellText.Quote(model), ShellText.Quote(folder));
        Assert.Matches($@"next: \./dst predict {Regex.Escape(quotedModel)} '.*my photos.*\d\.png'\n", run.Output);
        Assert.Contains($"      ./dst compress {quotedModel} --data {quotedFolder}\n", run.Output);

        // The same test images, by the recipe of the run.
        var test = RunSummary.Load(Path.Combine(folder, "summary.json")).Arms[0].TestTop1;
        var eval = Terminal.Run("eval", model, folder, "--json");
        using (var document = JsonDocument.Parse(eval.Output))
            Assert.Equal((test, 4), (
                document.RootElement.GetProperty("top1").GetDouble(), document.RootElement.GetProperty("count").GetInt32()));

        var compress = Terminal.Run(
            "compress", model, "--data", folder, "--out", _runs, "--epochs", "1", "--pattern", "row:16:4", "--name", "second",
            "--int8");
        Assert.Equal(CommandLine.Done, compress.ExitCode);
        Assert.Matches(@"(?m)^model file +[\d.]+ kB +[\d.]+ kB +[\d.]+ kB +0\.\d\d of it$", compress.Output);
        Assert.Contains("dst against teacher (the same network, dense): ", compress.Output);
        AssertShowsBoard(compress.Output, Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "second"))));
        Assert.DoesNotContain("./dst compress", compress.Output);
        Assert.DoesNotContain("./dst quantise", compress.Output);
        var halved = Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "second")));
        var int8 = Path.Combine(halved, "dst-int8.safetensors");
        Assert.Contains("8-bit integers: ", Terminal.Run("inspect", int8).Output);
        var again = Terminal.Run("compress", int8, "--data", folder, "--out", _runs);
        Assert.Equal(CommandLine.WrongInput, again.ExitCode);
        Assert.Contains($"teacher.model {int8} is quantised already; ", again.Error);
        var recipe = RunRecipe.Read(halved);
        Assert.Equal(("row:16:4", 16, 1), (recipe.Prune.Pattern.ToString(), recipe.Data.Crop, recipe.PruneTrain.Epochs));

        var results = Terminal.Run("results", _runs, "--json"); // the link is not followed
        Assert.DoesNotContain("the last", results.Error);
    }

    /// <summary>Flash and RAM are those of <c>inspect</c>, also those that are foreseen for integers.</summary>
    private static void AssertShowsBoard(string output, string run)
    {
        var (dst, int8) = (Inspect(ArmNames.Dst), Inspect(ArmNames.DstInt8));
        Assert.Matches($"(?m)^teacher +{Inspect(ArmNames.Teacher)} .* 1024 B$", output);
        Assert.Matches($"(?m)^dst +{dst} +{int8} +1024 B$", output);
        Assert.Matches($"(?m)^dst-int8 +- +- +{int8} +1024 B$", output);

        string Inspect(string arm)
        {
            var text = Terminal.Run("inspect", Path.Combine(run, $"{arm}.safetensors")).Output;
            var sizes = Regex.Match(text, @"(?m)^board +([\d.]+ k?B) of flash and ([\d.]+ k?B) of RAM");
            return $"{Regex.Escape(sizes.Groups[1].Value)} +{Regex.Escape(sizes.Groups[2].Value)}";
        }
    }
}
