using Dst.Images;

namespace Dst.Training.Data;

/// <summary>One image that a source offers; it is read when it is needed.</summary>
/// <param name="Name">File, or archive member and number, for messages.</param>
/// <param name="Label">Index of its class, or null if it has no label.</param>
/// <param name="Read">Reads or makes the image.</param>
/// <param name="Group">What the image shows (a ship's identity), or empty if not known. One group in two splits is a leak.</param>
internal sealed record SourceSample(string Name, int? Label, Func<Image> Read, string Group = "")
{
    /// <summary>Bands and size of the image, without decoding it where the format tells them.</summary>
    public Func<ImageShape> Measure { get; init; } = () => ImageShape.Of(Read());

    /// <summary>Whether <see cref="ImageFile.Read(string)"/> of the name gives this image.</summary>
    public bool IsFile { get; init; }

    /// <summary>An image file.</summary>
    public static SourceSample OfFile(string path, int? label, string group = "") =>
        new(path, label, () => ImageFile.Read(path), group) { Measure = () => ImageFile.Measure(path), IsFile = true };
}
