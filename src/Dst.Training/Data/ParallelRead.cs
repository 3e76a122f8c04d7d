using Dst.Foundations;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>Reads many images on all cores.</summary>
internal static class ParallelRead
{
    private const string Advice = "; data.unreadable skip leaves out what cannot be read";

    /// <summary>Bands and sizes of images, in the order of the sources.</summary>
    /// <exception cref="InputException">Some cannot be read; see <see cref="NameAllWrong"/>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ImageShape[] Sizes(IReadOnlyList<SourceSample> sources, CancellationToken cancellation) =>
        NameAllWrong(sources, () => All(sources, source => source.Measure(), cancellation), cancellation);

    /// <summary>
    /// Does <paramref name="work"/> on images. If one of them is wrong, all are read for a message that names all that are wrong, also
    /// those whose header is good, in the order of their names.
    /// </summary>
    /// <exception cref="InputException">Some images cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static T NameAllWrong<T>(IReadOnlyList<SourceSample> sources, Func<T> work, CancellationToken cancellation)
    {
        try
        {
            return work();
        }
        catch (InputException)
        {
            All([.. sources.OrderBy(source => source.Name, StringComparer.Ordinal)], source => source.Read().Height, cancellation, Advice);
            throw;
        }
    }

    /// <summary>The images that can be read, in their order. A warning counts the others and names the first.</summary>
    /// <exception cref="InputException">None can be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static List<SourceSample> Readable(IReadOnlyList<SourceSample> sources, Action<string> log, CancellationToken cancellation)
    {
        var problems = All(sources, ProblemOf, cancellation);
        var readable = sources.Where((_, i) => problems[i] is null).ToList();
        if (Array.Find(problems, problem => problem is not null) is not { } first) return readable;
        if (readable.Count == 0) throw first;
        var wrong = Phrases.Count(sources.Count - readable.Count, "image is", "images are");
        log($"warning: {wrong} left out of {sources.Count}, because data.unreadable is skip; the first: {first.Message}");
        return readable;
    }

    /// <summary>Reads all sources. The results are in their order. Those after a wrong one are read too, but not kept.</summary>
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
}
