using Dst.Runtime.Threading;
using Dst.Tests.Foundations;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Experiments;

/// <summary>The run folder: never overwritten, one process at a time, resumed only with its own recipe.</summary>
public sealed class RunFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Runs_that_start_in_the_same_second_have_folders_of_their_own()
    {
        var recipe = TinyRun.Recipe(_folder.Path);
        var runs = new RunFolder[8];
        Parallel.For(0, runs.Length, i => runs[i] = TinyRun.Create(recipe));
        var names = runs.Select(run => Path.GetFileName(run.Path)).ToHashSet();
        foreach (var run in runs) run.Dispose();
        Assert.Equal(["20260102-030405", .. Enumerable.Range(2, 7).Select(number => $"20260102-030405-{number}")], names.Order());
    }

    [Fact]
    public void Threads_may_find_a_folder_for_a_run_at_once()
    {
        var recipe = TinyRun.Recipe(_folder.Path);
        Parallel.For(0, 500, _ => RunFolder.PathFor(recipe, DateTime.UnixEpoch));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_one_sentence()
    {
        File.WriteAllText(_folder.File("file"), "");
        var recipe = TinyRun.Recipe(_folder.File("file"));
        Assert.Contains(
            "expected a writable folder", Assert.Throws<InputException>(() => TinyRun.Create(recipe)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_cannot_get_its_recipe_is_removed()
    {
        const int longest = 4095; // of a path: metrics.csv has room, and the temporary file of recipe.yaml has not
        var runs = _folder.Path;
        for (var left = Left(); left > 0; left = Left()) runs = Path.Combine(runs, new string('x', left < 200 ? left : 100));
        Directory.CreateDirectory(runs);
        foreach (var create in new Action[]
        {
            () => TinyRun.Create(TinyRun.Recipe(runs)), () => RunSet.Create(TinyRun.Recipe(runs, "seeds=[1, 2]"), DateTime.Now),
        })
            Assert.Contains("recipe.yaml cannot be written", Assert.Throws<InputException>(create).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(runs));

        int Left() => longest - "/tiny/20260102-030405/metrics.csv".Length - runs.Length - 1;
    }

    [Fact]
    public void A_set_is_removed_if_its_first_run_cannot_be_made()
    {
        var set = RunSet.Create(TinyRun.Recipe(_folder.Path, "seeds=[1, 2]"), DateTime.Now);
        File.WriteAllText(Path.Combine(set.Path, "seed-1"), "");
        Assert.Throws<InputException>(() => set.Open(1));
        Assert.False(Path.Exists(set.Path));
    }

    [Fact]
    public void A_folder_without_permission_is_one_sentence()
    {
        SystemCalls.SetMode(_folder.Path, "555");
        SystemCalls.AsOrdinaryUser(() =>
        {
            var error = Assert.Throws<InputException>(() => TinyRun.Create(TinyRun.Recipe(_folder.Path)));
            Assert.IsType<UnauthorizedAccessException>(error.InnerException);
            Assert.Contains("expected a writable folder", error.Message, StringComparison.Ordinal);
        });
        SystemCalls.SetMode(_folder.Path, "755");
    }

    [Fact]
    public void A_full_disk_stops_the_run_with_one_sentence()
    {
        var run = TinyRun.Create(TinyRun.Recipe(_folder.Path));
        run.Dispose();
        File.Delete(Path.Combine(run.Path, "metrics.csv"));
        File.CreateSymbolicLink(Path.Combine(run.Path, "metrics.csv"), "/dev/full");
        using var resumed = RunFolder.Resume(run.Path, []);
        var error = Assert.Throws<InputException>(() => resumed.AddMetrics(new("teacher", 1, 0.5, 1, 0.25, 2, 0.125, 3, 4)));
        Assert.Contains("No space left on device", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_in_progress_cannot_be_resumed_by_another_process()
    {
        using var run = TinyRun.Create(TinyRun.Recipe(_folder.Path));
        Assert.Contains(
            "another process trains in it", Assert.Throws<InputException>(() => RunFolder.Resume(run.Path, [])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Resuming_lists_what_differs_and_allows_what_results_do_not_depend_on()
    {
        var run = TinyRun.Create(TinyRun.Recipe(_folder.Path));
        run.Dispose();
        SettingOverride[] overrides = [SettingOverride.Parse("train.epochs=4"), SettingOverride.Parse("seed=6")];
        var message = Assert.Throws<InputException>(() => RunFolder.Resume(run.Path, overrides)).Message;
        Assert.Contains("seed is 5, now 6; train.epochs is 3, now 4", message, StringComparison.Ordinal);
        using var resumed = RunFolder.Resume(run.Path, [SettingOverride.Parse("threads=2")]);
        Assert.Equal(2, resumed.Recipe.Threads);
    }

    [Fact]
    public void A_folder_without_a_run_is_refused_and_left_alone()
    {
        Assert.Contains(
            "has no recipe.yaml", Assert.Throws<InputException>(() => RunFolder.Resume(_folder.Path, [])).Message,
            StringComparison.Ordinal);
        File.WriteAllText(_folder.File("recipe.yaml"), "name: pancakes");
        Assert.Contains(
            "has no metrics.csv", Assert.Throws<InputException>(() => RunFolder.Resume(_folder.Path, [])).Message,
            StringComparison.Ordinal);
        Assert.Equal([_folder.File("recipe.yaml")], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData("{\"recipe\":")]
    [InlineData("null")]
    [InlineData("{\"recipe\": \"tiny\", \"seed\": 5, \"arms\": [null]}")]
    public void A_broken_summary_is_one_sentence(string text)
    {
        var run = TinyRun.Create(TinyRun.Recipe(_folder.Path));
        run.Dispose();
        File.WriteAllText(Path.Combine(run.Path, "summary.json"), text);
        Assert.Contains(
            "expected a summary", Assert.Throws<InputException>(() => RunFolder.Resume(run.Path, [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_data_than_that_of_the_run_is_refused()
    {
        var run = TinyRun.Create(TinyRun.Recipe(_folder.Path));
        using var pool = new WorkerPool(1);
        var manifest = RunManifest.Describe(new(pool), run.Recipe, DateTime.UtcNow, TinyRun.Load(run.Recipe));
        run.Manifest.Write(manifest, []);
        run.Manifest.Write(manifest, []);
        var recipe = TinyRun.Recipe(_folder.Path, "data.simulated.seed=2");
        var other = RunManifest.Describe(new(pool), recipe, DateTime.UtcNow, TinyRun.Load(recipe));
        Assert.Contains(
            "expected the same data", Assert.Throws<InputException>(() => run.Manifest.Write(other, [])).Message, StringComparison.Ordinal);
        run.Dispose();
    }

    [Fact]
    public void Another_tier_processor_or_build_is_said_and_needs_force_which_is_recorded()
    {
        var recipe = TinyRun.Recipe(_folder.Path);
        using var pool = new WorkerPool(1);
        using (var run = TinyRun.Create(recipe))
        {
            var manifest = RunManifest.Describe(new(pool), recipe, DateTime.UtcNow, TinyRun.Load(recipe));
            Assert.Empty(run.Manifest.Write(manifest, []));
            Assert.Empty(run.Manifest.Write(manifest with { Threads = 7, Started = DateTime.UnixEpoch }, []));
            foreach (var (other, expected) in new[]
            {
                (manifest with { Tier = "v1" }, $"tier is {manifest.Tier}, now v1"),
                (manifest with { Cpu = "another" }, $"cpu is {manifest.Cpu}, now another"),
                (manifest with { Commit = "abc" }, $"commit is {manifest.Commit}, now abc"),
                (manifest with { Version = "9.9" }, $"version is {manifest.Version}, now 9.9"),
                (manifest with { RecipeHash = "x" }, $"recipe_hash is {manifest.RecipeHash}, now x"),
            })
            {
                var message = Assert.Throws<InputException>(() => run.Manifest.Write(other, [])).Message;
                Assert.Contains(expected, message, StringComparison.Ordinal);
                Assert.Contains("--force", message, StringComparison.Ordinal);
            }
        }

        using var forced = RunFolder.Resume(Assert.Single(Directory.GetDirectories(_folder.File("tiny"))), recipe, force: true);
        var now = RunManifest.Describe(new(pool), recipe, DateTime.UtcNow, TinyRun.Load(recipe)) with { Tier = "v1" };
        Assert.Single(forced.Manifest.Write(now, []));
        Assert.Empty(forced.Manifest.Write(now, []));
        Assert.Contains("now v1", File.ReadAllText(Path.Combine(forced.Path, "manifest.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void An_edited_recipe_is_found_by_the_hash_of_the_other_files()
    {
        var path = TinyRun.RunIn(_folder.Path, "arms=[teacher]");
        var recipe = Path.Combine(path, "recipe.yaml");
        File.WriteAllText(recipe, File.ReadAllText(recipe).Replace("label_smoothing: 0", "label_smoothing: 0.1", StringComparison.Ordinal));
        foreach (var file in new[] { "summary.json", "checkpoint-last.safetensors" })
        {
            var message = Assert.Throws<InputException>(() => RunFolder.Resume(path, [])).Message;
            Assert.Contains($"{file} is not of the recipe", message, StringComparison.Ordinal);
            File.Delete(Path.Combine(path, file));
        }

        File.Delete(Path.Combine(path, "teacher.safetensors"));
        using (var resumed = RunFolder.Resume(path, []))
            Assert.Contains("recipe_hash is", Assert.Throws<InputException>(() => TinyRun.Run(resumed)).Message, StringComparison.Ordinal);
        using var forced = RunFolder.Resume(path, RunRecipe.Read(path), force: true);
        Assert.NotNull(TinyRun.Run(forced).Find("teacher"));
    }

    [Fact]
    public void Another_recipe_is_taken_if_that_is_forced()
    {
        var path = TinyRun.RunIn(_folder.Path, "arms=[teacher]");
        var recipe = RunRecipe.Read(path, SettingOverride.Parse("arms=[teacher, student]"));
        Assert.Contains("--force", Assert.Throws<InputException>(() => RunFolder.Resume(path, recipe)).Message, StringComparison.Ordinal);
        using (var forced = RunFolder.Resume(path, recipe, force: true)) TinyRun.Run(forced);
        Assert.Equal(["teacher", "student"], TinyRun.Arms(path));
        using var again = RunFolder.Resume(path, []);
        Assert.Equal(2, TinyRun.Run(again, _ => Assert.Fail("a step was trained")).Arms.Count);
    }

    [Theory]
    [InlineData("\"test_top1\": ", "\"test_top1\": 1e999, \"x\": ", "cannot be")]
    [InlineData("\"test_top1\": ", "\"test_top1\": -0.5, \"x\": ", "cannot be")]
    [InlineData("\"min\": ", "\"min\": 1e999, \"x\": ", "cannot be")]
    [InlineData("\"nonzero\": ", "\"nonzero\": 9999999999, \"x\": ", "cannot be")]
    [InlineData("\"seconds\": ", "\"seconds\": -1, \"x\": ", "cannot be")]
    [InlineData("\"arm\": \"teacher\"", "\"arm\": \"tutor\"", "'tutor', which is unknown")]
    [InlineData("\"seed\": 5", "\"seed\": 6", "not of the recipe")]
    public void A_summary_with_numbers_that_cannot_be_is_refused(string old, string changed, string expected)
    {
        var path = Path.Combine(TinyRun.RunIn(_folder.Path, "arms=[teacher]", "teacher.train.epochs=1"), "summary.json");
        var text = File.ReadAllText(path);
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(old, changed, StringComparison.Ordinal));
        var message = Assert.Throws<InputException>(() => RunFolder.Resume(Path.GetDirectoryName(path)!, [])).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metrics_beyond_the_checkpoint_and_torn_lines_are_dropped()
    {
        using var run = TinyRun.Create(TinyRun.Recipe(_folder.Path));
        for (var epoch = 1; epoch <= 3; epoch++) run.AddMetrics(new("teacher", epoch, 0.5, 1, 0.25, 2, 0.125, 3, 4));
        run.TrimMetrics("teacher", 2);
        run.AddMetrics(new("teacher", 3, 1e-5, 1, 0.25, 2, 0.125, 3, 4));
        Assert.Equal(
            [
                "arm,epoch,learning_rate,train_loss,train_top1,validation_loss,validation_top1",
                "teacher,1,0.5,1,0.25,2,0.125",
                "teacher,2,0.5,1,0.25,2,0.125",
                "teacher,3,1E-05,1,0.25,2,0.125",
            ],
            TinyRun.Metrics(run.Path));
    }
}
