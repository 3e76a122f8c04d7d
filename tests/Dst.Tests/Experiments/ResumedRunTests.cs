using Dst.Tests.Foundations;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Experiments;

/// <summary>Run folders in which files are gone, or are others, since the run was stopped.</summary>
public sealed class ResumedRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_without_its_manifest_is_refused_once_something_was_trained()
    {
        using (var run = TinyRun.Create(TinyRun.Recipe(_folder.File("new"))))
        {
            run.Dispose();
            RunFolder.Resume(run.Path).Dispose(); // it was stopped before it wrote one
        }

        var stopped = Stop("arms=[student]", epochs: 1);
        File.Delete(Path.Combine(stopped, ManifestFile.Name));
        Assert.Contains("has no manifest.json", Refusal(stopped), StringComparison.Ordinal);
        File.Delete(Path.Combine(stopped, "checkpoint-last.safetensors"));
        Assert.Contains("has no manifest.json", Refusal(stopped), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_of_a_finished_arm_that_is_gone_or_another_is_named()
    {
        var path = Stop("arms=[teacher, student]", epochs: 4);
        var model = Path.Combine(path, "teacher.safetensors");
        var bytes = File.ReadAllBytes(model);
        File.WriteAllBytes(model, [.. bytes[..^1], (byte)(bytes[^1] ^ 1)]);
        var message = Refusal(path);
        Assert.StartsWith($"{model}, the model of the finished arm teacher, is another file", message, StringComparison.Ordinal);
        Assert.Contains("remove the row of teacher from", message, StringComparison.Ordinal);
        File.Delete(model);
        Assert.Contains("teacher, does not exist", Refusal(path), StringComparison.Ordinal);

        File.WriteAllBytes(model, [.. bytes[..^1], (byte)(bytes[^1] ^ 1)]);
        var summary = Path.Combine(path, "summary.json");
        var rows = RunSummary.Load(summary);
        (rows with { Arms = [.. rows.Arms.Select(arm => arm with { ModelHash = null })] }).Save(summary); // as older versions wrote it
        RunFolder.Resume(path).Dispose();
    }

    [Fact]
    public void Finished_arms_without_their_summary_are_not_trained_again()
    {
        var path = Stop("arms=[teacher, student]", epochs: 4);
        File.Delete(Path.Combine(path, "summary.json"));
        var model = Path.Combine(path, "teacher.safetensors");
        Assert.StartsWith(
            $"{path} has no summary.json, and {model}, the model of the finished arm teacher, would be made again; put back",
            Refusal(path), StringComparison.Ordinal);
        var part = Directory.CreateDirectory($"{Path.Combine(path, "teacher")}.part"); // another rank's files were being taken over
        RunFolder.Resume(path).Dispose();
        part.Delete();
        File.Delete(model);
        RunFolder.Resume(path).Dispose();
    }

    [Fact]
    public void An_arm_that_was_stopped_before_its_row_was_written_goes_on()
    {
        var path = TinyRun.RunIn(_folder.Path, "arms=[student]");
        File.Delete(Path.Combine(path, "summary.json"));
        using var run = RunFolder.Resume(path);
        Assert.NotNull(TinyRun.Run(run, _ => Assert.Fail("a step was trained")).Find("student"));
    }

    [Theory]
    [InlineData("checkpoint-last.safetensors", "remove it to train its arm from the start")]
    [InlineData("summary.json", "remove it and the models of all arms to train them again")]
    [InlineData("manifest.json", "begin a new run without --resume")]
    public void A_torn_or_empty_file_is_named_with_what_to_do(string file, string instead)
    {
        var path = Path.Combine(Stop("arms=[teacher, student]", epochs: 4), file);
        var bytes = File.ReadAllBytes(path);
        foreach (var length in new[] { 0, 5, bytes.Length - 1 })
        {
            File.WriteAllBytes(path, bytes[..length]);
            var message = Assert.Throws<InputException>(() =>
            {
                using var run = RunFolder.Resume(Path.GetDirectoryName(path)!);
                TinyRun.Run(run);
            }).Message;
            Assert.Contains(path, message, StringComparison.Ordinal);
            Assert.EndsWith($"; put back the file that the run wrote, or {instead}", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Each_run_of_a_set_is_checked_before_one_goes_on()
    {
        var recipe = TinyRun.Recipe(_folder.Path, "arms=[student]", "train.epochs=1", "seeds=[1, 2]");
        var set = RunSet.Create(recipe, DateTime.Now);
        foreach (var seed in recipe.Seeds)
        {
            using var run = set.Open(seed);
            TinyRun.Run(run);
        }

        File.Delete(Path.Combine(set.Path, "seed-2", "student.safetensors"));
        var error = Assert.Throws<InputException>(() => RunSet.Resume(set.Path, recipe));
        Assert.Contains(Path.Combine("seed-2", "student.safetensors"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_arm_whose_row_is_removed_is_trained_again_and_the_others_keep_their_epochs()
    {
        var path = TinyRun.RunIn(_folder.Path, "arms=[teacher, student]");
        var (metrics, model) = (TinyRun.Metrics(path), Path.Combine(path, "teacher.safetensors"));
        var bytes = File.ReadAllBytes(model);
        File.Delete(model);
        var summary = Path.Combine(path, "summary.json");
        var rows = RunSummary.Load(summary);
        (rows with { Arms = [rows.Find("student")!] }).Save(summary);
        using (var run = RunFolder.Resume(path)) TinyRun.Run(run);
        Assert.Equal(bytes, File.ReadAllBytes(model));
        Assert.Equal([metrics[0], .. metrics[4..7], .. metrics[1..4]], TinyRun.Metrics(path));
    }

    [Fact]
    public void An_arm_without_its_checkpoint_begins_again_with_a_line()
    {
        var path = Stop("arms=[student]", epochs: 2);
        File.Delete(Path.Combine(path, "checkpoint-last.safetensors"));
        var log = new List<string>();
        using (var run = RunFolder.Resume(path)) TinyRun.Run(run, log: log.Add);
        var line = Assert.Single(log, line => line.Contains("checkpoint", StringComparison.Ordinal));
        Assert.StartsWith("warning: student has no checkpoint in ", line, StringComparison.Ordinal);
        Assert.EndsWith(": 2 recorded epochs of it are dropped and trained again", line, StringComparison.Ordinal);
        Assert.Equal(4, TinyRun.Metrics(path).Length);
    }

    [Fact]
    public void Epochs_that_an_editor_saved_with_CR_LF_are_kept()
    {
        var path = Stop("arms=[teacher, student]", epochs: 4);
        var metrics = Path.Combine(path, "metrics.csv");
        var before = File.ReadAllLines(metrics);
        File.WriteAllText(metrics, string.Concat(before.Select(line => line + "\r\n")) + "student,2,0.");
        using (var run = RunFolder.Resume(path)) TinyRun.Run(run);
        Assert.Equal(before[..5], File.ReadAllLines(metrics)[..5]);
        Assert.Equal(7, TinyRun.Metrics(path).Length);
    }

    [Theory]
    [InlineData("teacher,1", "teacher,one", "in line 2; expected an arm, an epoch")]
    [InlineData("arm,epoch", "arm epoch", "does not begin with the line 'arm,epoch,")]
    [InlineData(null, "", "does not begin with the line 'arm,epoch,")]
    public void Damaged_epochs_are_refused_and_none_is_dropped(string? old, string changed, string expected)
    {
        var path = Stop("arms=[teacher, student]", epochs: 4);
        var metrics = Path.Combine(path, "metrics.csv");
        var text = old is null ? changed : File.ReadAllText(metrics).Replace(old, changed, StringComparison.Ordinal);
        File.WriteAllText(metrics, text);
        Assert.Contains(expected, Refusal(path), StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(metrics));
    }

    [Fact]
    public void A_run_folder_has_full_paths_and_takes_relative_ones_of_the_same_files()
    {
        string[] settings = ["student.from=a/student.safetensors", "data.unlabelled=more"];
        var recipe = TinyRun.Recipe(_folder.Path, settings);
        using (var run = TinyRun.Create(recipe))
        {
            Assert.Equal(Path.GetFullPath("a/student.safetensors"), RunRecipe.Read(run.Path).Student.From);
            Assert.Equal(Path.GetFullPath("more"), run.Recipe.Data.Unlabelled);
            run.Dispose();
            RunFolder.Resume(run.Path, recipe).Dispose();
            var other = TinyRun.Recipe(_folder.Path, [.. settings, "student.from=b.safetensors"]);
            var message = Assert.Throws<InputException>(() => RunFolder.Resume(run.Path, other)).Message;
            Assert.Contains($"now {Path.GetFullPath("b.safetensors")}", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_run_folder_of_an_older_version_keeps_its_relative_paths_and_its_hash()
    {
        var recipe = TinyRun.Recipe(_folder.Path, "student.from=a/student.safetensors");
        using (var run = TinyRun.Create(recipe))
        {
            run.Dispose();
            RunRecipe.Write(run.Path, recipe);
            foreach (var given in new[] { recipe, RecipeFile.WithFullPaths(recipe) })
            {
                using var resumed = RunFolder.Resume(run.Path, given);
                Assert.Equal("a/student.safetensors", resumed.Recipe.Student.From);
                Assert.Equal(RecipeFile.HashOf(recipe), resumed.RecipeHash);
            }
        }
    }

    [Fact]
    public void A_folder_that_is_no_folder_of_the_run_gets_no_link_to_it()
    {
        var run = Directory.CreateDirectory(_folder.File("elsewhere/runs/tiny/20260102-030405")).FullName;
        RunPaths.PointLatest(_folder.Path, run);
        Assert.False(Path.Exists(_folder.File("latest")));
        RunPaths.PointLatest(_folder.File("elsewhere/runs"), run);
        Assert.True(Path.Exists(_folder.File("elsewhere/runs/latest")));
    }

    private static string Refusal(string path) => Assert.Throws<InputException>(() => RunFolder.Resume(path)).Message;

    /// <summary>A run that was stopped after some epochs.</summary>
    private string Stop(string arms, int epochs)
    {
        using var stop = new CancellationTokenSource();
        using var run = TinyRun.Create(TinyRun.Recipe(_folder.Path, arms));
        var ended = 0;
        Assert.Throws<OperationCanceledException>(() => TinyRun.Run(run, epochEnded: _ =>
        {
            if (++ended == epochs) stop.Cancel();
        }, cancellation: stop.Token));
        return run.Path;
    }
}
