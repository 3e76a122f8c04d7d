using Dst.Cli;
using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Cli;

/// <summary>What a command line says of runs that are not finished, and how it goes on with them.</summary>
public sealed class ResumeCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _photos;
    private readonly string _runs;

    public ResumeCommandTests()
    {
        (_photos, _runs) = (_folder.File("photos"), _folder.File("runs"));
        foreach (var (label, name) in new[] { "dark", "bright" }.Index())
        {
            var folder = Directory.CreateDirectory(Path.Combine(_photos, name)).FullName;
            for (var i = 0; i < 10; i++)
            {
                var level = 120 * label + 4 * i;
                File.WriteAllBytes(Path.Combine(folder, $"{i}.png"), TestImages.GreyPng(16, 16, (y, x) => (byte)(level + x * y % 7)));
            }
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Compress_goes_on_with_a_run_that_was_stopped_and_shows_the_gain()
    {
        var folder = Stop("compress", "--int8");
        Terminal.Run("compress", "--resume", folder, "--int8").AssertWrongInput("--int8", "--resume");
        Terminal.Run("compress", "--resume", folder, "--pattern", "row:16:4").AssertWrongInput("--pattern", "--resume");
        Terminal.Run("compress", "--data", _photos).AssertWrongInput($"--data {_photos}", "no model");
        var resumed = Terminal.Run("compress", "--resume", folder);
        Assert.Equal(CommandLine.Done, resumed.ExitCode);
        Assert.Contains("resumed in epoch 2 of 2", resumed.Error);
        Assert.Matches(@"(?m)^model file +[\d.]+ kB +[\d.]+ kB +[\d.]+ kB +[\d.]+ kB +0\.\d\d of it$", resumed.Output);
        Assert.NotNull(RunSummary.Load(Path.Combine(folder, "summary.json")).Find(ArmNames.DstInt8));
    }

    [Fact]
    public void Results_and_report_of_a_run_without_a_finished_arm_name_the_command_that_goes_on_with_it()
    {
        var folder = Stop("train");
        foreach (var named in new[] { folder, _runs })
        {
            Terminal.Run("results", named).AssertWrongInput("not finished", $"'dst run --resume {folder}' goes on with it");
            Terminal.Run("report", named).AssertWrongInput("not finished", $"'dst run --resume {folder}' goes on with it");
        }

        Terminal.Run("results", _photos).AssertWrongInput("no summary.json in it or below");
    }

    [Fact]
    public void Options_that_a_run_in_its_folder_cannot_follow_are_refused()
    {
        var folder = Stop("train");
        Terminal.Run("run", "--resume", folder, "--out", _folder.File("other")).AssertWrongInput("--out", "--resume");
        Terminal.Run("run", "--resume", folder, "--set", "runs=other").AssertWrongInput("runs", "--resume");
        Terminal.Run("train", "--resume", folder, "--arch", "resnet20").AssertWrongInput("--arch", "--resume");
        Terminal.Run("distill", "--resume", folder, "--teacher", "other.safetensors").AssertWrongInput("--teacher", "--resume");
        Terminal.Run("distill", _photos).AssertWrongInput("no teacher", "--teacher MODEL");
        Terminal.Run("train", _photos, "--seeds", "1,2", "--seed", "3").AssertWrongInput("--seeds 1,2", "--seed 3");
    }

    [Fact]
    public void A_finished_run_that_would_have_another_recipe_names_what_trains_its_model_further()
    {
        Assert.Equal(CommandLine.Done, Terminal.Run("train", _photos, "--epochs", "1", "--out", _runs).ExitCode);
        var folder = Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "photos")));
        string[] more = ["train", "--resume", folder, "--epochs", "2"];
        var run = Terminal.Run(more);
        run.AssertWrongInput("is finished", "train.epochs is 1, now 2", $"dst train DATA --from {folder}/student.safetensors");
        Assert.DoesNotContain("--force", run.Error);
        Assert.Equal(run, Terminal.Run([.. more, "--force"]));
    }

    [Fact]
    public void A_run_goes_on_from_any_current_folder()
    {
        Assert.Equal(CommandLine.Done, Terminal.Run("train", _photos, "--epochs", "1", "--out", _runs).ExitCode);
        var first = Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "photos")));
        File.Copy(Path.Combine(first, "student.safetensors"), _folder.File("model.safetensors"));
        var begun = Terminal.RunIn(
            _folder.Path, "train", "photos", "--from", "model.safetensors", "--epochs", "1", "--out", "runs", "--name", "second");
        Assert.Equal(CommandLine.Done, begun.ExitCode);
        var second = Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "second")));
        var resumed = Terminal.RunIn(Path.GetTempPath(), "run", "--resume", second);
        Assert.Equal(CommandLine.Done, resumed.ExitCode);
    }

    [Fact]
    public void Data_called_latest_get_another_name_and_a_recipe_cannot_have_it()
    {
        var data = _folder.File("Latest");
        Directory.Move(_photos, data);
        Assert.Contains(
            $"run folder: {Path.Combine(_runs, "data")}", Terminal.Run("train", data, "--out", _runs, "--dry-run").Output,
            StringComparison.Ordinal);
        Terminal.Run("train", data, "--out", _runs, "--name", "latest").AssertWrongInput("recipe name 'latest'", "--name");
        File.WriteAllText(_folder.File("LATEST.yaml"), "seed: 1");
        Assert.Throws<InputException>(() => RecipeFile.Load(_folder.File("LATEST.yaml")));
        Assert.False(Directory.Exists(_runs));
    }

    /// <summary>The folder of a run that was stopped after its first epoch.</summary>
    private string Stop(string verb, params string[] options)
    {
        using var cancellation = new CancellationTokenSource();
        using var error = new CancellingWriter(cancellation, "epoch 1 of 2");
        string[] arguments = [verb, _photos, "--epochs", "2", "--out", _runs, .. options];
        Assert.Equal(CommandLine.Cancelled, CommandLine.Run(arguments, new StringWriter(), error, cancellation.Token));
        var folder = Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "photos")));
        Assert.Contains($" {(verb == "compress" ? verb : "run")} --resume {folder}\n", error.ToString());
        return folder;
    }
}
