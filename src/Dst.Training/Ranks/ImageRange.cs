namespace Dst.Training.Ranks;

/// <summary>A run of images of a batch.</summary>
internal readonly record struct ImageRange(int First, int Count)
{
    /// <summary>Whether an image is in the run.</summary>
    public bool Contains(int image) => image >= First && image < First + Count;

    /// <summary>Up to <paramref name="count"/> images of the run, from the one at place <paramref name="start"/> in it on.</summary>
    public ImageRange Slice(int start, int count) => new(First + start, Math.Min(count, Count - start));

    /// <summary>The next run of as many images, or of those that are left in a batch of <paramref name="images"/>.</summary>
    public ImageRange Next(int images) => new(First + Count, Math.Min(Count, images - First - Count));
}
