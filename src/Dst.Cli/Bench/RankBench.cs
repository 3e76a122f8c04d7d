using Dst.Kernels.Simd;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Ranks;

namespace Dst.Cli.Bench;

/// <summary>What <c>bench ranks</c> measures and predicts.</summary>
/// <param name="Tier">Vector width.</param>
/// <param name="Arch">Architecture, by its name in the zoo.</param>
/// <param name="Batch">Images in a step.</param>
/// <param name="Steps">Steps that are timed.</param>
/// <param name="Threads">Threads of a rank.</param>
/// <param name="Machines">Numbers of machines, powers of two.</param>
/// <param name="Gigabits">Speeds of the network.</param>
/// <param name="LatencyUs">Latency of a message, µs.</param>
internal sealed record RankBenchOptions(
    SimdTier Tier, string Arch, int Batch, int Steps, int Threads, IReadOnlyList<int> Machines, IReadOnlyList<double> Gigabits,
    double LatencyUs);

/// <summary>
/// Measures what a rank computes and sends in a step, for several numbers of ranks, on this machine alone, and predicts the time of a step
/// over a network.
/// </summary>
internal sealed class RankBench(RankBenchOptions options, CancellationToken cancellation)
{
    private const int MostParts = 64;
    private const int WarmUpSteps = 2;

    /// <summary>Measures and predicts.</summary>
    /// <param name="checks">Whether two ranks in this process are measured too.</param>
    /// <param name="progress">Receives a line about what is measured.</param>
    public RankReport Run(bool checks, Action<string> progress)
    {
        var model = RandomModel.Create(options.Arch, 1, input: null, pattern: null);
        var most = MostRanks(model);
        var steps = options.Machines.Select(machines => Math.Min(machines, most)).Prepend(1).Distinct().Order().Select(ranks =>
        {
            progress($"{options.Arch}, batch {options.Batch}: rank 0 of {ranks}");
            return Measure(model, ranks);
        }).ToList();
        var alone = steps[0].ComputeMs;
        var predictions = from machines in options.Machines
                          from gigabits in options.Gigabits
                          let step = steps.First(step => step.Ranks == Math.Min(machines, most))
                          let wait = step.WaitMs(gigabits, options.LatencyUs)
                          let runs = machines / step.Ranks
                          select new RankPrediction(
                              machines, runs, gigabits, step.ComputeMs, wait, runs * alone / (step.ComputeMs + wait));
        return new(
            Runtime.Processor.Name, options.Tier, options.Arch, options.Batch, options.Threads, options.LatencyUs, steps, [.. predictions],
            checks ? [.. Check(model, progress)] : []);
    }

    private static int PartsFor(int ranks) => Math.Clamp(2 * ranks, WorkerPool.Parts, MostParts);

    /// <summary>As many ranks as parts, or half of them where parts share sums.</summary>
    private int MostRanks(Model model)
    {
        using var pool = new WorkerPool(1);
        try
        {
            var group = new RankGroup(new SilentLink(MostParts), MostParts);
            using var network = new TrainingNetwork(
                model, options.Batch, new ComputeContext(pool, options.Tier) { Ranks = group }, seed: 1);
            return MostParts;
        }
        catch (InputException)
        {
            return MostParts / 2;
        }
    }

    private RankStep Measure(Model model, int ranks)
    {
        using var pool = new WorkerPool(options.Threads);
        var group = ranks == 1 ? RankGroup.Single : new RankGroup(new SilentLink(ranks), PartsFor(ranks));
        using var step = new TrainingStepJob(model, options.Batch, new(pool, options.Tier) { Ranks = group });
        for (var i = 0; i < WarmUpSteps; i++) step.Run();
        var (best, backward, before) = (double.PositiveInfinity, 0.0, group.Traffic);
        for (var i = 0; i < options.Steps; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            step.Times = new OperationTimes();
            var seconds = step.Run();
            if (seconds >= best) continue;
            best = seconds;
            backward = step.Times.Sums.Where(sum => sum.Key.Pass == StepPass.Backward).Sum(sum => sum.Value.TotalSeconds);
        }

        var (after, count) = (group.Traffic, options.Steps);
        var (gradientBytes, gradientMessages) =
            ((after.GradientBytes - before.GradientBytes) / count, (after.GradientMessages - before.GradientMessages) / count);
        return new(
            ranks, 1e3 * best, 1e3 * backward, (after.Bytes - before.Bytes) / count - gradientBytes,
            (after.Messages - before.Messages) / count - gradientMessages, gradientBytes, gradientMessages);
    }

    private IEnumerable<RankCheck> Check(Model model, Action<string> progress)
    {
        var step = Measure(model, ranks: 2);
        foreach (var (gigabits, latency) in new[] { (100.0, 0.0), (100, 1000), (1, 0), (0.1, 0), (0.1, 1000) })
        {
            progress($"two ranks in this process, {gigabits} Gbit/s, {latency} µs");
            yield return new(gigabits, latency, MeasureTwo(model, gigabits, latency), step.ComputeMs + step.WaitMs(gigabits, latency));
        }
    }

    /// <summary>Milliseconds of the fastest step of two ranks.</summary>
    private double MeasureTwo(Model model, double gigabits, double latencyUs)
    {
        DelayedLine[] lines = [.. Enumerable.Range(0, 2).Select(_ => new DelayedLine(gigabits * 1e9 / 8, latencyUs / 1e6))];
        var best = double.PositiveInfinity;
        Parallel.For(0, 2, new() { MaxDegreeOfParallelism = 2 }, rank =>
        {
            using var pool = new WorkerPool(1);
            var group = new RankGroup(new DelayedLink(rank, lines));
            using var step = new TrainingStepJob(model, options.Batch, new(pool, options.Tier) { Ranks = group });
            for (var i = 0; i < WarmUpSteps + options.Steps; i++)
            {
                var seconds = step.Run();
                if (rank == 0 && i >= WarmUpSteps) best = Math.Min(best, seconds);
            }
        });
        return 1e3 * best;
    }
}
