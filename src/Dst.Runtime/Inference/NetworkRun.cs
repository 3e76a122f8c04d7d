using System.Diagnostics;

namespace Dst.Runtime.Inference;

/// <summary>A session of a plan with a batch of images, ready to run.</summary>
/// <param name="plan">Not disposed.</param>
/// <param name="threads">Threads that share the batch.</param>
/// <param name="images">Of <see cref="RandomImages"/>.</param>
internal sealed class NetworkRun(InferencePlan plan, int threads, float[] images) : IDisposable
{
    private readonly InferenceSession _session = plan.CreateSession(threads);

    /// <summary>The outputs of the last run.</summary>
    public float[] Outputs { get; } = new float[plan.Options.Batch * plan.Outputs];

    /// <summary>Bytes of packed weights and of the session's memory.</summary>
    public long ResidentBytes => plan.WeightBytes + _session.Bytes;

    /// <summary>Random images of a batch.</summary>
    /// <exception cref="InputException">No array holds them.</exception>
    public static float[] RandomImages(Model model, int batch)
    {
        var length = batch * model.Graph.Input.Count;
        if (length > Array.MaxLength)
            throw new InputException(
                $"a batch of {batch} images of {model.Graph.Input} has {length} values; at most {Array.MaxLength} were expected");
        var values = new float[length];
        var random = new Random(1);
        foreach (ref var value in values.AsSpan()) value = random.NextSingle() * 2 - 1;
        return values;
    }

    /// <summary>Computes the batch.</summary>
    public void Run() => _session.Run(images, plan.Options.Batch, Outputs);

    /// <summary>Times single runs for some seconds, and at least <paramref name="minRuns"/> of them.</summary>
    /// <returns>Milliseconds of the runs, the shortest first, and of the shortest run of each step.</returns>
    public (List<double> Runs, double[] Steps) Measure(double seconds, int minRuns, CancellationToken cancellation = default)
    {
        var before = _session.Ticks.ToArray();
        var shortest = new long[before.Length];
        Array.Fill(shortest, long.MaxValue);
        var runs = RunTimes.Of(Run, seconds, minRuns, after: KeepShortest, cancellation);
        runs.Sort();
        return (runs, Array.ConvertAll(shortest, ticks => 1000.0 * ticks / Stopwatch.Frequency));

        void KeepShortest()
        {
            var after = _session.Ticks;
            for (var i = 0; i < shortest.Length; i++)
                shortest[i] = Math.Min(shortest[i], Math.Max(1, after[i] - before[i])); // a coarse clock may not see a small step
            after.CopyTo(before);
        }
    }

    public void Dispose() => _session.Dispose();
}
