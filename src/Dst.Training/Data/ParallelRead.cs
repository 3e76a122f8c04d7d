using Dst.Foundations;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>Reads many images on all cores.</summary>
internal static class ParallelRead
{
    private const string Advice = "; data.unreadable skip leaves out what cannot be read";

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
        All(sources, source => source.Read().Height, cancellation, Advice);

    /// <summary>The images that can be read, in their order. A warning counts the others and names the first.</summary>
    /// <exception cref="InputException">None can be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static List<SourceSample> Readable(IReadOnlyList<SourceSample> sources, Action<string> log, CancellationToken cancellation)
    {
        var problems = All(sources, ProblemOf, cancellation);
        var readable = sources.Where((_, i) => problems[i] is null).ToList();
        if (Array.Find(problems, problem => problem is not null) is not { } first) return readable;
        if (readable.Count == 0) throw first;
        var wrong = Words.Count(sources.Count - readable.Count, "image is", "images are");
        log($"warning: {wrong} left out of {sources.Count}, because data.unreadable is skip; the first: {first.Message}");
        return readable;
    }

    private static InputException? ProblemOf(SourceSample source)
    {
        try
        {
            source.Read();
            return null;
        }
        catch (InputException e)
        {
            return e;
        }
    }

    /// <summary>The results in the order of the sources. Those behind a wrong one are read too, but not kept.</summary>
    /// <exception cref="InputException">Some cannot be read; the message ends with <paramref name="advice"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static TResult[] All<TSource, TResult>(
        IReadOnlyList<TSource> sources, Func<TSource, TResult> read, CancellationToken cancellation, string advice = "")
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
        wrong.ThrowIfAny(results.Length, advice);
        return results;
    }
}
