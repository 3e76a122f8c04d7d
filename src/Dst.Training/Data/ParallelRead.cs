using System.Runtime.ExceptionServices;

namespace Dst.Training.Data;

/// <summary>Reads many images on all cores.</summary>
internal static class ParallelRead
{
    /// <summary>The results in the order of the sources. The first wrong input ends it.</summary>
    /// <exception cref="InputException">A source cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static T[] All<T>(IReadOnlyList<SourceSample> sources, Func<SourceSample, T> read, CancellationToken cancellation)
    {
        var results = new T[sources.Count];
        try
        {
            Parallel.For(
                0, results.Length, new ParallelOptions { CancellationToken = cancellation }, i => results[i] = read(sources[i]));
        }
        catch (AggregateException e) when (e.InnerExceptions.OfType<InputException>().FirstOrDefault() is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }

        return results;
    }
}
