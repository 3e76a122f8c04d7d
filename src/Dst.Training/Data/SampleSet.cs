using System.IO.Hashing;
using Dst.Foundations;
using Dst.Graph;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>One image of a split.</summary>
public sealed class Sample
{
    internal Sample(SourceSample source, Image image, Image window)
    {
        (Name, Label, Group) = (source.Name, source.Label, source.Group);
        (Size, Hash, NoData, Warning) = (ImageSize.Of(image), Digest(image), image.NoData, image.Warning);
        Window = window;
        IsNegative = Enumerable.Range(0, window.Channels).Any(channel => window.Darkest(channel) < 0);
    }

    /// <summary>File, or archive member and number.</summary>
    public string Name { get; }

    /// <summary>Index of its class, or null if it has no label.</summary>
    public int? Label { get; }

    /// <summary>Rows of the image as it was read.</summary>
    public int Height => Size.Height;

    /// <summary>Columns of the image as it was read.</summary>
    public int Width => Size.Width;

    /// <summary>Bands and size of the image as it was read.</summary>
    internal ImageSize Size { get; }

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

    private static UInt128 Digest(Image image)
    {
        var hash = new XxHash128();
        hash.Append([(byte)image.BitsPerSample, (byte)image.Channels]);
        hash.Append([(byte)image.Height, (byte)(image.Height >> 8), (byte)image.Width, (byte)(image.Width >> 8)]);
        hash.Append(image.Data.Span);
        return hash.GetCurrentHashAsUInt128();
    }
}

/// <summary>The images of one split before they are read.</summary>
/// <param name="Name">Name of the split.</param>
/// <param name="Sources">The images.</param>
/// <param name="Window">What is kept of each, about its centre.</param>
internal sealed record SplitSources(string Name, IReadOnlyList<SourceSample> Sources, FeatureShape Window);

/// <summary>The images of one split, in memory.</summary>
public sealed class SampleSet
{
    private SampleSet(string name, Sample[] samples)
    {
        Name = name;
        Samples = samples;
    }

    /// <summary><c>training</c>, <c>unlabelled</c>, <c>validation</c> or <c>test</c>.</summary>
    public string Name { get; }

    /// <summary>All samples, in a fixed order.</summary>
    public IReadOnlyList<Sample> Samples { get; }

    /// <summary>Number of samples.</summary>
    public int Count => Samples.Count;

    /// <summary>Samples of each class; those without a label are of none.</summary>
    public int[] CountByClass(int classes)
    {
        var counts = new int[classes];
        foreach (var sample in Samples)
            if (sample.Label is { } label) counts[label]++;
        return counts;
    }

    /// <summary>Reads the images of some splits on all cores and keeps the windows about their centres.</summary>
    /// <exception cref="InputException">Images cannot be read, or the windows of a split do not fit into memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal static SampleSet[] LoadAll(IReadOnlyList<SplitSources> splits, int resize, CancellationToken cancellation)
    {
        CheckMemory(splits, resize, cancellation);
        var images = splits.SelectMany(split => split.Sources.Select(source => (Source: source, split.Window))).ToList();
        var samples = Checked(
            splits, () => ParallelRead.All(images, image => Read(image.Source, resize, image.Window), cancellation), cancellation);
        var sets = new List<SampleSet>();
        foreach (var (name, sources, _) in splits)
        {
            sets.Add(new(name, samples[..sources.Count]));
            samples = samples[sources.Count..];
        }

        return [.. sets];
    }

    private static void CheckMemory(IReadOnlyList<SplitSources> splits, int resize, CancellationToken cancellation)
    {
        int[] bytes = Checked<int[]>(splits, () => [.. splits.Select(split => SampleBytes(split.Sources, resize))], cancellation);
        foreach (var ((name, sources, window), size) in splits.Zip(bytes))
            MemoryLimit.Check(
                (double)sources.Count * window.Count * size, $"the {sources.Count} {name} images of {window}",
                "a lower data.crop, or data.resize and data.crop, was expected");
    }

    // Where a file is wrong, all that are wrong are named.
    private static T Checked<T>(IReadOnlyList<SplitSources> splits, Func<T> read, CancellationToken cancellation)
    {
        try
        {
            return read();
        }
        catch (InputException)
        {
            ParallelRead.Check([.. splits.SelectMany(split => split.Sources)], cancellation);
            throw;
        }
    }

    /// <summary>Bytes of a sample as it is kept: those of the first image, which a resize may double.</summary>
    internal static int SampleBytes(IReadOnlyList<SourceSample> sources, int resize)
    {
        if (sources.Count == 0) return 0;
        var bytes = sources[0].Read().BitsPerSample / 8;
        return resize > 0 ? Math.Max(bytes, sizeof(ushort)) : bytes;
    }

    private static Sample Read(SourceSample source, int resize, FeatureShape shape)
    {
        var image = source.Read();
        image.Name = $"'{source.Name}'";
        return new(source, image, Framing.Frame(image, resize, shape));
    }
}
