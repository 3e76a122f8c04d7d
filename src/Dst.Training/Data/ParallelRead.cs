using Dst.Images;

namespace Dst.Training.Data;

/// <summary>Reads many images on all cores.</summary>
internal static class ParallelRead
{
    /// <summary>Bands and sizes of images, in the order of the sources.</summary>
    /// <exception cref="InputException">Some cannot be read; see <see cref="Check"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ImageSize[] Sizes(IReadOnlyList<SourceSample> sources, CancellationToken cancellation)
    {
        try
        {
            return All(sources, source => source.Measure(), cancellation);
        }
        catch (InputException)
        {
            Check(sources, cancellation);
            throw;
        }
    }

    /// <summary>Reads images and keeps none: where one is wrong, for a message on all that are, also those whose header is good.</summary>
    /// <exception cref="InputException">Some cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void Check(IReadOnlyList<SourceSample> sources, CancellationToken cancellation) =>
        All(sources, source => source.Read().Height, cancellation);

    /// <summary>The results in the order of the sources. Those behind a wrong one are read too, but not kept.</summary>
    /// <exception cref="InputException">Some cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static TResult[] All<TSource, TResult>(
        IReadOnlyList<TSource> sources, Func<TSource, TResult> read, CancellationToken cancellation)
    {
        var (results, wrong) = (new TResult[sources.Count], new WrongImages());
        Parallel.For(0, results.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            try
            {
                var result = read(sources[i]);
                if (!wrong.Any) results[i] = result;
            }
            catch (InputException e)
            {
                wrong.Add(i, e);
            }
        });
        wrong.ThrowIfAny(results.Length);
        return results;
    }
}
