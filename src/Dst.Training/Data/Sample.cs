using System.IO.Hashing;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>One image of a split.</summary>
public sealed class Sample
{
    internal Sample(SourceSample source, Image image, Image window)
    {
        (Name, IsFile, Label, Group) = (source.Name, source.IsFile, source.Label, source.Group);
        (Size, BitsPerSample, Hash) = (ImageShape.Of(image), image.BitsPerSample, HashOf(image));
        (NoData, Warning) = (image.NoData, image.Warning);
        Window = window;
        IsNegative = Enumerable.Range(0, window.Channels).Any(channel => window.Darkest(channel) < 0);
    }

    private Sample(Sample other, int? label)
    {
        (Name, IsFile, Label, Group) = (other.Name, other.IsFile, label, other.Group);
        (Size, BitsPerSample, Hash) = (other.Size, other.BitsPerSample, other.Hash);
        (NoData, Warning) = (other.NoData, other.Warning);
        (Window, IsNegative) = (other.Window, other.IsNegative);
    }

    /// <summary>File, or archive member and number.</summary>
    public string Name { get; }

    /// <summary>Whether the file of this name, read alone, is this image: not one of an archive, and not some of its bands.</summary>
    public bool IsFile { get; }

    /// <summary>Index of its class, or null if it has no label.</summary>
    public int? Label { get; }

    /// <summary>Rows of the image as it was read.</summary>
    public int Height => Size.Height;

    /// <summary>Columns of the image as it was read.</summary>
    public int Width => Size.Width;

    /// <summary>Bands and size of the image as it was read.</summary>
    internal ImageShape Size { get; }

    /// <summary>Size of the image as it was read.</summary>
    internal ImageSize Extent => new(Height, Width);

    /// <summary>Bits of a sample of the image as it was read: 8, 16, or 32 of floats.</summary>
    internal int BitsPerSample { get; }

    /// <summary>Samples that the file marked as without data.</summary>
    internal long NoData { get; }

    /// <summary>Whether the window has a negative sample, as only floats may.</summary>
    internal bool IsNegative { get; }

    /// <summary>What is wrong with the file, or null.</summary>
    internal string? Warning { get; }

    /// <summary>What the image shows (a ship's identity), or empty.</summary>
    internal string Group { get; }

    /// <summary>XXH128 of the samples and sizes, before any transform.</summary>
    internal UInt128 Hash { get; }

    /// <summary>The part about the centre that crops may reach, with the network's channels.</summary>
    internal Image Window { get; }

    /// <summary>The same image, with another label.</summary>
    internal Sample WithLabel(int? label) => new(this, label);

    /// <inheritdoc cref="Hash"/>
    internal static UInt128 HashOf(Image image)
    {
        var hash = new XxHash128();
        hash.Append([(byte)image.BitsPerSample, (byte)image.Channels]);
        hash.Append([(byte)image.Height, (byte)(image.Height >> 8), (byte)image.Width, (byte)(image.Width >> 8)]);
        hash.Append(image.Data.Span);
        return hash.GetCurrentHashAsUInt128();
    }
}
