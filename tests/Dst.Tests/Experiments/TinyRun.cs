using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Ranks;

namespace Dst.Tests.Experiments;

/// <summary>A recipe on a few simulated chips that trains in a moment, and ways to run it.</summary>
internal static class TinyRun
{
    public const string Text = """
        name: tiny
        seed: 5
        threads: 1
        data:
          kind: simulated
          simulated: {classes: 3, per_class_train: 10, per_class_test: 4, size: 16, difficulty: 0.2}
          validation: 0.2
          shift: 1
          pad: 1
        teacher: {arch: resnet8, width: 0.5, dropout: 0.2}
        student: {arch: resnet8, width: 0.25}
        train:
          epochs: 3
          batch: 9
          clip: 5
          ema: 0.5
          optimizer: {nesterov: true}
          schedule: {learning_rate: 0.05}
        distill_pruned: {teacher: both}
        prune: {block: 4, group: 2}
        prune_train: {epochs: 2, optimizer: {kind: adamw}, schedule: {learning_rate: 0.001}}
        """;

    public static Recipe Recipe(string folder, params string[] overrides) =>
        RecipeFile.Parse("recipe tiny", Text, [SettingOverride.Of("runs", folder, "the test"), .. overrides.Select(SettingOverride.Parse)]);

    public static DataSet Load(Recipe recipe) => DataSet.Load(recipe.Data, recipe.Seed, _ => { });

    public static RunFolder Create(Recipe recipe) => RunFolder.Create(recipe, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Local));

    /// <summary>
    /// Runs all arms. Calls <paramref name="afterStep"/> with the number of each step of this process, and
    /// <paramref name="epochEnded"/> with that of each epoch, from 1.
    /// </summary>
    public static RunSummary Run(
        RunFolder run, Action<int>? afterStep = null, Action<int>? epochEnded = null, Action<string>? log = null,
        RankGroup? ranks = null, CancellationToken cancellation = default)
    {
        using var pool = new WorkerPool(run.Recipe.Threads);
        var compute = new ComputeContext(pool) { Ranks = ranks ?? RankGroup.Single };
        var pipeline = new Pipeline(run, Load(run.Recipe), compute)
        {
            MeasureLatency = Measure,
            Progress = new StepCounter(afterStep),
            EpochEnded = row => epochEnded?.Invoke(row.Epoch),
            Log = log,
        };
        return pipeline.Run(cancellation);
    }

    /// <summary>Runs a recipe in a folder and returns the run's own.</summary>
    public static string RunIn(string folder, params string[] overrides)
    {
        using var run = Create(Recipe(folder, overrides));
        Run(run);
        return run.Path;
    }

    /// <summary>Lines of <c>metrics.csv</c> without the two columns of times.</summary>
    public static string[] Metrics(string folder) =>
        [.. File.ReadAllLines(Path.Combine(folder, "metrics.csv")).Select(line => string.Join(',', line.Split(',')[..^2]))];

    /// <summary>The arms that a run has finished.</summary>
    public static string[] Arms(string folder) => File.Exists(Path.Combine(folder, "summary.json"))
        ? [.. RunSummary.Load(Path.Combine(folder, "summary.json")).Arms.Select(arm => arm.Arm)]
        : [];

    private static Latency Measure(Model model) => new(model.Masks.Count > 0 ? 1 : 2, 3);

    private sealed class StepCounter(Action<int>? afterStep) : IProgress<TrainingProgress>
    {
        private int _steps;

        public void Report(TrainingProgress value) => afterStep?.Invoke(++_steps);
    }
}
