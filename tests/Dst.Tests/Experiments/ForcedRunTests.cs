using Dst.Tests.Foundations;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Experiments;

/// <summary>Runs that are resumed with <c>--force</c> and another recipe: nothing on the disk changes unless they go on.</summary>
public sealed class ForcedRunTests : IDisposable
{
    private const string Arms = "arms=[teacher, student]";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_in_use_keeps_its_recipe()
    {
        using var run = TinyRun.Create(TinyRun.Recipe(_folder.Path));
        var before = FilesIn(run.Path);
        Assert.Contains("in use", Refusal(() => Force(run.Path, "train.batch=2")), StringComparison.Ordinal);
        Assert.Equal(before, FilesIn(run.Path));
    }

    [Theory]
    [InlineData("data.simulated.seed=2", "expected the same data")]
    [InlineData("student.arch=aconvnet", "pixels")]
    [InlineData("train.schedule.warmup=9", "train.schedule.warmup")]
    public void A_run_that_is_refused_keeps_its_files(string setting, string expected)
    {
        var path = Stopped(Arms, epochs: 4);
        var before = FilesIn(path);
        Assert.Contains(expected, Refusal(() => RunForced(path, setting)), StringComparison.Ordinal);
        Assert.Equal(before, FilesIn(path));
    }

    [Fact]
    public void A_run_that_goes_on_has_the_other_recipe_and_needs_no_force_from_there()
    {
        var path = Stopped(Arms, epochs: 4);
        Assert.Equal(["teacher"], TinyRun.Arms(path));
        using var stop = new CancellationTokenSource();
        var log = new List<string>();
        using (var forced = Force(path, "train.epochs=5"))
        {
            Assert.Throws<OperationCanceledException>(
                () => TinyRun.Run(forced, afterStep: _ => stop.Cancel(), log: log.Add, cancellation: stop.Token));
        }

        Assert.Contains(log, line => line.Contains("unbroken run: ") && line.Contains("train.epochs is 3, now 5"));
        var change = Assert.Single(RunManifest.Load(Path.Combine(path, ManifestFile.Name)).Changes);
        Assert.Contains("train.epochs is 3, now 5", change, StringComparison.Ordinal);
        using var resumed = RunFolder.Resume(path, []);
        Assert.Equal(5, TinyRun.Run(resumed).Find("student")!.Epochs);
    }

    [Theory]
    [InlineData("arms=[student]", "train.epochs=77", "train.epochs is 3, now 77")]
    [InlineData("arms=[student]", "data.simulated.seed=2", "data.simulated.seed is 1, now 2")]
    [InlineData(Arms, "arms=[teacher]", "arms is [teacher, student], now [teacher]")]
    public void A_finished_run_takes_no_other_recipe(string arms, string setting, string expected)
    {
        var path = TinyRun.RunIn(_folder.Path, arms);
        var before = FilesIn(path);
        var message = Refusal(() => RunForced(path, setting));
        Assert.Contains("is finished", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Equal(before, FilesIn(path));
        using var resumed = RunFolder.Resume(path, []);
        Assert.NotNull(TinyRun.Run(resumed, _ => Assert.Fail("a step was trained")).Find("student"));
    }

    [Fact]
    public void A_finished_run_is_refused_where_its_data_have_changed_and_says_that_its_recipe_was_edited()
    {
        var path = TinyRun.RunIn(_folder.Path, "arms=[student]");
        var manifest = Path.Combine(path, ManifestFile.Name);
        var test = RunManifest.Load(manifest).Data["test"];
        Edit(manifest, test, "x");
        Assert.Contains("the test data had the hash x of 12 images, now ", Refusal(() => RunForced(path)), StringComparison.Ordinal);
        Edit(manifest, "\"x\"", $"\"{test}\"");
        Edit(Path.Combine(path, "recipe.yaml"), "label_smoothing: 0", "label_smoothing: 0.1");
        var log = new List<string>();
        using var forced = Force(path);
        TinyRun.Run(forced, log: log.Add);
        Assert.Contains("warning: summary.json is not of the recipe in recipe.yaml, or of another build", log);
    }

    [Fact]
    public void Unlabelled_images_that_are_gone_are_other_data()
    {
        var path = TinyRun.RunIn(_folder.Path, "arms=[student]");
        Edit(Path.Combine(path, ManifestFile.Name), "\"data\": {", "\"data\": { \"unlabelled\": \"12\",");
        Assert.Contains("the unlabelled data had the hash 12, now none", Refusal(() => RunForced(path)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_finished_set_takes_no_other_recipe_but_one_more_seed()
    {
        var set = RunSet.Create(TinyRun.Recipe(_folder.Path, "seeds=[5, 6]", "arms=[student]", "train.epochs=1"), DateTime.Now);
        foreach (var seed in set.Recipe.Seeds) RunSeed(set, seed);
        var before = FilesIn(set.Path);
        foreach (var setting in new[] { "train.epochs=7", "seeds=[6]", "seeds=[5, 6, 7]\ntrain.epochs=7" })
            Assert.Contains("is finished", Refusal(() => ForceSet(set.Path, setting.Split('\n'))), StringComparison.Ordinal);
        Assert.Equal(before, FilesIn(set.Path));

        RunSeed(ForceSet(set.Path, "seeds=[5, 6, 7]"), 7);
        Assert.Equal([5, 6, 7], RunRecipe.Read(set.Path).Seeds);
    }

    [Fact]
    public void A_set_that_is_refused_keeps_all_recipes_and_one_that_goes_on_has_the_other_in_all()
    {
        var set = RunSet.Create(TinyRun.Recipe(_folder.Path, "seeds=[5, 6]", "arms=[student]", "train.epochs=1"), DateTime.Now);
        foreach (var seed in set.Recipe.Seeds) RunSeed(set, seed);
        var before = FilesIn(set.Path);
        string[] arms = ["arms=[student, uhp]", "prune_train.epochs=1"];
        string[] wrong = [.. arms, "teacher.arch=aconvnet", Arms];
        Assert.Contains("pixels", Refusal(() => RunSeed(ForceSet(set.Path, wrong), 5)), StringComparison.Ordinal);
        using (set.Open(6)) Assert.Contains("in use", Refusal(() => ForceSet(set.Path, arms)), StringComparison.Ordinal);
        Assert.Equal(before, FilesIn(set.Path));

        var forced = ForceSet(set.Path, arms);
        RunSeed(forced, 5);
        Assert.Equal("arms: [student, uhp]", Assert.Single(
            File.ReadAllLines(Path.Combine(set.Path, "recipe.yaml")), line => line.StartsWith("arms:", StringComparison.Ordinal)));
        Assert.Equal([5, 6], RunRecipe.Read(set.Path).Seeds);
        RunSeed(forced, 6);
        foreach (var seed in forced.Recipe.Seeds) RunSeed(RunSet.Resume(set.Path, RunRecipe.Read(set.Path)), seed);
    }

    [Fact]
    public void A_set_that_is_resumed_and_refused_is_not_removed()
    {
        var recipe = TinyRun.Recipe(_folder.Path, "seeds=[5, 6]");
        var set = RunSet.Create(recipe, DateTime.Now);
        RunSet.Resume(set.Path, recipe).DiscardIfEmpty();
        Assert.True(RunRecipe.IsIn(set.Path));
        set.DiscardIfEmpty();
        Assert.False(Directory.Exists(set.Path));
    }

    private static void RunSeed(RunSet set, long seed)
    {
        using var run = set.Open(seed);
        TinyRun.Run(run);
    }

    private static RunSet ForceSet(string path, params string[] settings) =>
        RunSet.Resume(path, RunRecipe.Read(path, [.. settings.Select(SettingOverride.Parse)]), force: true);

    private static void Edit(string file, string old, string changed)
    {
        var text = File.ReadAllText(file);
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(file, text.Replace(old, changed, StringComparison.Ordinal));
    }

    private static void RunForced(string path, params string[] settings)
    {
        using var run = Force(path, settings);
        TinyRun.Run(run);
    }

    private static RunFolder Force(string path, params string[] settings) =>
        RunFolder.Resume(path, RunRecipe.Read(path, [.. settings.Select(SettingOverride.Parse)]), force: true);

    private static string Refusal(Action action) => Assert.Throws<InputException>(action).Message;

    /// <summary>A run that was stopped after some epochs.</summary>
    private string Stopped(string arms, int epochs)
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

    /// <summary>The content of each file in a folder and those below, but for the lock.</summary>
    private static Dictionary<string, string> FilesIn(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .Where(path => !Path.GetFileName(path).StartsWith('.')).ToDictionary(path => path, File.ReadAllText);
}
