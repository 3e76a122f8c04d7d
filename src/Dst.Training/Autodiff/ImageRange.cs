using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff;

/// <summary>A run of images of a batch.</summary>
internal readonly record struct ImageRange(int First, int Count)
{
    /// <summary>
    /// Part <paramref name="part"/> of <see cref="WorkerPool.Parts"/>: the cut depends on the batch alone, not on the threads.
    /// </summary>
    public static ImageRange OfPart(int images, int part)
    {
        var first = (int)((long)images * part / WorkerPool.Parts);
        return new(first, (int)((long)images * (part + 1) / WorkerPool.Parts) - first);
    }

    /// <summary>The largest part of a batch.</summary>
    public static int LargestPart(int images) => (images + WorkerPool.Parts - 1) / WorkerPool.Parts;

    /// <summary>Whether an image is in the run.</summary>
    public bool Contains(int image) => image >= First && image < First + Count;

    /// <summary>The first <paramref name="count"/> images from <paramref name="start"/> on that lie in this range.</summary>
    public ImageRange Slice(int start, int count) => new(First + start, Math.Min(count, Count - start));
}
