using Dst.Foundations;
using Dst.Graph;
using Dst.Images;

namespace Dst.Training.Data;

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

    /// <summary><c>training</c>, <c>unlabelled</c>, <c>validation</c> or <c>test</c>; <c>labelled</c> of all with labels.</summary>
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

    /// <summary>The same samples, with the label <c>labels[i]</c> in place of the label i.</summary>
    internal SampleSet Relabel(int[] labels) =>
        new(Name, [.. Samples.Select(sample => sample.WithLabel(sample.Label is { } label ? labels[label] : null))]);

    /// <summary>The samples of some sets, one set after another.</summary>
    internal static SampleSet Join(string name, params IEnumerable<SampleSet> sets) => new(name, [.. sets.SelectMany(set => set.Samples)]);

    /// <summary>Reads the images of some splits on all cores and keeps the windows about their centres.</summary>
    /// <exception cref="InputException">Images cannot be read, or the windows of a split do not fit into memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal static SampleSet[] LoadAll(IReadOnlyList<SplitSources> splits, DataOptions options, CancellationToken cancellation)
    {
        SourceSample[] sources = [.. splits.SelectMany(split => split.Sources)];
        int[] sampleBytes = ParallelRead.NameAllWrong<int[]>(
            sources, () => [.. splits.Select(split => SampleBytes(split.Sources, options.Resize))], cancellation);
        CheckMemory(splits, sampleBytes);
        var images = splits.SelectMany(split => split.Sources.Select(source => (Source: source, split.Window))).ToList();
        var samples = ParallelRead.NameAllWrong(
            sources, () => ParallelRead.All(images, image => Read(image.Source, options, image.Window), cancellation), cancellation);
        var sets = new List<SampleSet>();
        foreach (var split in splits)
        {
            sets.Add(new(split.Name, samples[..split.Sources.Count]));
            samples = samples[split.Sources.Count..];
        }

        return [.. sets];
    }

    private static void CheckMemory(IReadOnlyList<SplitSources> splits, int[] sampleBytes)
    {
        foreach (var ((name, sources, window), bytes) in splits.Zip(sampleBytes))
            MemoryLimit.Check(
                (double)sources.Count * window.Count * bytes, $"the {sources.Count} {name} images of {window}",
                "a lower data.crop, or data.resize and data.crop, was expected");
    }

    /// <summary>Bytes of one value of the images as they are kept: those of the first image, which a resize may double.</summary>
    internal static int SampleBytes(IReadOnlyList<SourceSample> sources, ImageSize resize)
    {
        if (sources.Count == 0) return 0;
        var bytes = sources[0].Read().BitsPerSample / 8;
        return resize.IsNone ? bytes : Math.Max(bytes, sizeof(ushort));
    }

    private static Sample Read(SourceSample source, DataOptions options, FeatureShape shape)
    {
        var image = source.Read().Named($"'{source.Name}'");
        return new(source, image, Framing.Frame(image, shape, options.Resize, options.Fit));
    }
}
