using Dst.Foundations;
using Dst.Graph;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>
/// Decides what a network takes: from the settings, and where these leave it open, from all labelled images, never from one.
/// </summary>
internal static class InputShape
{
    private const int DefaultSide = 64; // to which images of several sizes are resized

    /// <summary>The input, and the settings with the resize that was chosen.</summary>
    /// <exception cref="InputException">An image cannot be read, or images have different bands.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static (DataOptions Options, FeatureShape Shape) Of(DataOptions options, SourceData source, CancellationToken cancellation)
    {
        var (channels, size) = (options.Channels, options.Crop.IsNone ? options.Resize : options.Crop);
        if (channels > 0 && !size.IsNone) return (options, new(channels, size.Height, size.Width));
        SourceSample[] samples = [.. source.Labelled];
        var sizes = ParallelRead.Sizes(samples, cancellation);
        if (channels == 0) channels = BandsOf(samples, sizes);
        if (!size.IsNone) return (options, new(channels, size.Height, size.Width));
        if (sizes.All(size => size.Height == sizes[0].Height && size.Width == sizes[0].Width))
            return (options, new(channels, sizes[0].Height, sizes[0].Width));
        return (options with { Resize = DefaultSide }, new(channels, DefaultSide, DefaultSide));
    }

    /// <summary>
    /// A line such as <c>120 images: 70 colour, 50 grey, 119 sizes from 40x60 to 200x300; resized to 64x64</c>, or null if all images
    /// are of one kind and size and keep the ratio of their sides.
    /// </summary>
    public static string? Describe(DataSet data)
    {
        var samples = data.Splits.SelectMany(split => split.Samples).ToList();
        var kinds = samples.GroupBy(sample => sample.Size.Channels).OrderByDescending(kind => kind.Key == 3).ThenBy(kind => kind.Key)
            .Select(kind => $"{kind.Count()} {NameOf(kind.Key)}").ToList();
        var sizes = samples.Select(sample => sample.Extent).Distinct().OrderBy(size => (long)size.Height * size.Width).ToList();
        var stretch = CropRemarks.DescribeStretch(samples.Select(sample => sample.Extent), data.Normalisation);
        if (kinds.Count == 1 && sizes.Count == 1 && stretch is null) return null;
        var found = sizes.Count > 1 ? $"{sizes.Count} sizes from {sizes[0]} to {sizes[^1]}" : stretch is not null ? $"all {sizes[0]}" : "";
        var framed = data.Options.Resize.IsNone
            ? $"cropped or padded to {data.Shape.Height}x{data.Shape.Width}"
            : data.Normalisation.DescribeResize() + (stretch is null ? "" : $", {stretch}");
        return $"{Phrases.Count(samples.Count, "image")}: {string.Join(", ", kinds)}{(found.Length > 0 ? $", {found}; {framed}" : "")}";
    }

    internal static string NameOf(int channels) => channels switch
    {
        1 => "grey",
        3 => "colour",
        _ => $"of {channels} bands",
    };

    /// <summary>The bands that a network takes of images: RGB if any has colour, else those of all.</summary>
    /// <exception cref="InputException">Images have different bands.</exception>
    internal static int BandsOf(IReadOnlyList<SourceSample> samples, ImageShape[] sizes)
    {
        var most = sizes.Max(size => size.Channels);
        var few = Array.FindIndex(sizes, size => size.Channels != most);
        if (few < 0 || most == 3 && sizes.All(size => size.Channels is 1 or 3)) return most;
        var many = Array.FindIndex(sizes, size => size.Channels == most);
        throw new InputException(
            $"'{samples[many].Name}' has {most} bands and '{samples[few].Name}' has {sizes[few].Channels}; as many in each image were "
            + "expected, or grey and RGB; data.unreadable skip leaves out only files that cannot be read");
    }
}
