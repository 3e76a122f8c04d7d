using System.Buffers.Binary;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
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
        (Height, Width, Hash) = (image.Height, image.Width, Digest(image));
        Window = window;
    }

    /// <summary>File, or archive member and number.</summary>
    public string Name { get; }

    /// <summary>Index of its class, or null if it has no label.</summary>
    public int? Label { get; }

    /// <summary>Rows of the image as it was read.</summary>
    public int Height { get; }

    /// <summary>Columns of the image as it was read.</summary>
    public int Width { get; }

    /// <summary>What the image shows (a ship's identity), or empty.</summary>
    internal string Group { get; }

    /// <summary>First half of the SHA-256 of the samples and sizes, before any transform.</summary>
    internal UInt128 Hash { get; }

    /// <summary>The part about the centre that crops may reach, with the network's channels.</summary>
    internal Image Window { get; }

    private static UInt128 Digest(Image image)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([(byte)image.BitsPerSample, (byte)image.Channels]);
        hash.AppendData([(byte)image.Height, (byte)(image.Height >> 8), (byte)image.Width, (byte)(image.Width >> 8)]);
        hash.AppendData(image.Data.Span);
        hash.GetHashAndReset(digest);
        return BinaryPrimitives.ReadUInt128BigEndian(digest);
    }
}

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

    /// <summary>Reads images on all cores and keeps the windows of <paramref name="shape"/> about their centres.</summary>
    /// <exception cref="InputException">An image cannot be read, or the windows do not fit into memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal static SampleSet Load(
        string name, IReadOnlyList<SourceSample> sources, int resize, FeatureShape shape, CancellationToken cancellation)
    {
        MemoryLimit.Check(
            (double)sources.Count * shape.Count, $"the {sources.Count} {name} images of {shape}",
            "a lower data.crop, or data.resize and data.crop, was expected");
        var samples = new Sample[sources.Count];
        try
        {
            Parallel.For(0, samples.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
            {
                var image = sources[i].Read();
                samples[i] = new(sources[i], image, Framing.Frame(image, resize, shape));
            });
        }
        catch (AggregateException e) when (e.InnerExceptions.OfType<InputException>().FirstOrDefault() is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }

        return new(name, samples);
    }
}
