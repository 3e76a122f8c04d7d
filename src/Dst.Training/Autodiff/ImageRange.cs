namespace Dst.Training.Autodiff;

/// <summary>A run of images of a batch.</summary>
internal readonly record struct ImageRange(int First, int Count)
{
    /// <summary>Whether an image is in the run.</summary>
    public bool Contains(int image) => image >= First && image < First + Count;

    /// <summary>The first <paramref name="count"/> images from <paramref name="start"/> on that lie in this range.</summary>
    public ImageRange Slice(int start, int count) => new(First + start, Math.Min(count, Count - start));

    /// <summary>As many images behind these as there are in a batch of <paramref name="images"/>, this many at most.</summary>
    public ImageRange Next(int images) => new(First + Count, Math.Min(Count, images - First - Count));
}
