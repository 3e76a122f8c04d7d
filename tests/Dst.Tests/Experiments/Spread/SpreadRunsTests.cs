using Dst.Runtime.Threading;
using Dst.Tests.Foundations;
using Dst.Tests.Ranks;
using Dst.Training.Autodiff;
using Dst.Training.Engine;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;
using Dst.Training.Experiments.Spread;
using Dst.Training.Ranks;

namespace Dst.Tests.Experiments.Spread;

public sealed class SpreadRunsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Arms_that_ranks_make_alone_are_those_of_one_process_after_a_stop_and_a_failure()
    {
        string[] settings =
            ["seeds=[5, 6]", "arms=[student, uhp, dense-longer]", "pretrain={decoder: upsample, teacher: true, train: {epochs: 1}}"];
        var alone = RunSet.Create(TinyRun.Recipe(_folder.File("alone"), settings), DateTime.Now);
        foreach (var seed in alone.Recipe.Seeds)
        {
            using var run = alone.Open(seed);
            TinyRun.Run(run);
        }

        var recipe = TinyRun.Recipe(_folder.File("spread"), settings);
        var set = RunSet.Create(recipe, DateTime.Now);
        using var stop = new CancellationTokenSource();
        var steps = 0;
        Assert.Throws<AggregateException>(() => Spread(4, set, step: () =>
        {
            if (Interlocked.Increment(ref steps) == 25) stop.Cancel();
        }, stop: stop.Token));
        Assert.NotEmpty(Directory.GetDirectories(set.Path, "*.part", SearchOption.AllDirectories));

        var (failures, told) = Spread(4, set, fails: "seed 6: student-kd");
        Assert.Equal(3, failures.Count);
        Assert.Contains($"failed: {failures[0]}; other arms go on", told);
        Assert.Matches("^seed 6: student-kd on rank [0-3]: the disk is full$", failures[0]);
        Assert.Equal(["seed 6: uhp: it needs seed 6: student-kd", "seed 6: dense-longer: it needs seed 6: student-kd"], failures.Skip(1));
        Assert.Equal(TinyRun.Arms(Path.Combine(alone.Path, "seed-5")), TinyRun.Arms(Path.Combine(set.Path, "seed-5")));

        var (none, log) = Spread(2, set);
        Assert.Empty(none);
        Assert.Contains(log, line => line.StartsWith("seed 6: uhp begins on rank ", StringComparison.Ordinal));
        Assert.Empty(Directory.GetDirectories(set.Path, "*.part", SearchOption.AllDirectories));
        foreach (var seed in recipe.Seeds) AssertSame(Path.Combine(alone.Path, $"seed-{seed}"), Path.Combine(set.Path, $"seed-{seed}"));
    }

    [Fact]
    public void Other_data_than_those_of_a_run_are_refused_before_an_arm_begins()
    {
        var path = TinyRun.RunIn(_folder.Path, "arms=[student]");
        var recipe = TinyRun.Recipe(_folder.Path, "arms=[student]");
        var data = TinyRun.Load(TinyRun.Recipe(_folder.Path, "data.simulated.seed=2"));
        using var pool = new WorkerPool(1);
        var manifest = RunManifest.Describe(new(pool), recipe, DateTime.UtcNow, data);
        using var run = RunFolder.Resume(path, recipe);
        var error = Assert.Throws<InputException>(() => SpreadRuns.Run(
            RankGroup.Single, recipe, [run], Pipeline.Check(recipe, data), manifest, (_, _, _, _) => Assert.Fail("an arm began")));
        Assert.Contains("expected the same data", error.Message, StringComparison.Ordinal);

        // Before its first arm is finished, a run has a manifest only in what there is of that arm.
        using var begun = TinyRun.Create(TinyRun.Recipe(_folder.File("begun"), "arms=[student]"));
        var part = Directory.CreateDirectory(Path.Combine(begun.Path, "student.part")).FullName;
        File.Copy(run.Manifest.Path, Path.Combine(part, ManifestFile.Name));
        error = Assert.Throws<InputException>(() => SpreadRuns.Run(
            RankGroup.Single, recipe, [begun], Pipeline.Check(recipe, data), manifest, (_, _, _, _) => Assert.Fail("an arm began")));
        Assert.Contains("expected the same data", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_longest_way_to_the_end_goes_first_and_what_needs_a_failed_arm_is_lost()
    {
        var arm = Arm.Of(ArmNames.Teacher);
        var queue = new SpreadQueue([
            new(0, 1, arm, 3, []), new(0, 1, arm, 9, [0]), new(1, 2, arm, 10, []), new(1, 2, arm, 1, [2]), new(1, 2, arm, 1, [3])]);
        Assert.Equal(new int?[] { 0, 2, null }, new[] { queue.Take(), queue.Take(), queue.Take() });
        queue.Finish(0);
        Assert.Equal(1, queue.Take());
        Assert.Equal([3, 4], queue.Fail(2));
        Assert.False(queue.HasWaiting);
        Assert.Equal(1, queue.Left);
    }

    /// <summary>Lets ranks make what is left of a set. Returns what failed, and the log of rank 0.</summary>
    private static (IReadOnlyList<string> Failures, List<string> Log) Spread(
        int count, RunSet set, Action? step = null, string? fails = null, CancellationToken stop = default)
    {
        var log = new List<string>();
        var first = RunSet.FirstOf(set.Recipe);
        var data = TinyRun.Load(first);
        var failures = LocalRanks.Run(count, ranks =>
        {
            if (!ranks.IsFirst)
            {
                SpreadRuns.Help(ranks, set.Recipe, Make);
                return [];
            }

            var runs = set.Recipe.Seeds.Select(set.Open).ToList();
            try
            {
                using var pool = new WorkerPool(1);
                var manifest = RunManifest.Describe(new(pool), first, DateTime.UtcNow, data);
                return SpreadRuns.Run(ranks, set.Recipe, runs, Pipeline.Check(first, data), manifest, Make, log.Add, stop);
            }
            finally
            {
                runs.ForEach(run => run.Dispose());
            }
        });
        return (failures[0], log);

        void Make(RunFolder run, string arm, Action<string> said, Action saved)
        {
            if (fails == $"seed {run.Recipe.Seed}: {arm}") throw new IOException("the disk is full");
            using var pool = new WorkerPool(1);
            new Pipeline(run, TinyRun.Load(run.Recipe), new ComputeContext(pool))
            {
                MeasureLatency = _ => new(1, 3),
                CheckpointSaved = saved,
                Log = said,
                Progress = new Steps(step),
                Only = arm,
            }.Run(stop);
        }
    }

    private static void AssertSame(string expected, string actual)
    {
        Assert.Equal(TinyRun.Arms(expected), TinyRun.Arms(actual));
        Assert.Equal(TinyRun.Metrics(expected), TinyRun.Metrics(actual));
        foreach (var file in Directory.GetFiles(expected, "*.safetensors").Concat(Directory.GetFiles(expected, "*.csv")))
        {
            if (Path.GetFileName(file) is "checkpoint-last.safetensors" or RunFolder.MetricsName) continue;
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(actual, Path.GetFileName(file))));
        }
    }

    private sealed class Steps(Action? step) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => step?.Invoke();
    }
}
