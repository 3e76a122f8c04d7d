using Dst.Foundations;
using Dst.Graph;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>
/// Decides what a network takes: from the settings, and where these leave it open, from all labelled images, never from one.
/// </summary>
internal static class InputShape
{
    /// <summary>Side to which images are resized if they have several sizes and no setting names one.</summary>
    public const int DefaultSide = 64;

    /// <summary>The input, and the settings with the resize that was chosen.</summary>
    /// <exception cref="InputException">An image cannot be read, or images have different bands.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static (DataOptions Options, FeatureShape Shape) Of(DataOptions options, SourceData source, CancellationToken cancellation)
    {
        var (channels, side) = (options.Channels, options.Crop > 0 ? options.Crop : options.Resize);
        if (channels > 0 && side > 0) return (options, new(channels, side, side));
        SourceSample[] samples = [.. source.Labelled];
        var sizes = ParallelRead.Sizes(samples, cancellation);
        if (channels == 0) channels = BandsOf(samples, sizes);
        if (side > 0) return (options, new(channels, side, side));
        if (sizes.All(size => size.Height == sizes[0].Height && size.Width == sizes[0].Width))
            return (options, new(channels, sizes[0].Height, sizes[0].Width));
        return (options with { Resize = DefaultSide }, new(channels, DefaultSide, DefaultSide));
    }

    /// <summary>
    /// A line such as <c>120 images: 70 colour, 50 grey, 121 sizes from 60x40 to 300x200; resized to 64x64</c>, or null if all images
    /// are of one kind and size.
    /// </summary>
    public static string? Describe(DataSet data)
    {
        var sizes = data.Splits.SelectMany(split => split.Samples).Select(sample => sample.Size).ToList();
        var kinds = sizes.GroupBy(size => size.Channels).OrderByDescending(kind => kind.Key == 3).ThenBy(kind => kind.Key)
            .Select(kind => $"{kind.Count()} {NameOf(kind.Key)}").ToList();
        var areas = sizes.Select(size => (size.Width, size.Height)).Distinct().OrderBy(size => (long)size.Width * size.Height).ToList();
        if (kinds.Count == 1 && areas.Count == 1) return null;
        var found = areas.Count == 1
            ? kinds
            : [.. kinds, $"{areas.Count} sizes from {areas[0].Width}x{areas[0].Height} to {areas[^1].Width}x{areas[^1].Height}"];
        var (resize, shape) = (data.Options.Resize, data.Shape);
        var framed = resize > 0 ? $"resized to {resize}x{resize}" : $"cropped or padded to {shape.Width}x{shape.Height}";
        return $"{Words.Count(sizes.Count, "image")}: {string.Join(", ", found)}{(areas.Count == 1 ? "" : $"; {framed}")}";
    }

    internal static string NameOf(int channels) => channels switch
    {
        1 => "grey",
        3 => "colour",
        _ => $"of {channels} bands",
    };

    /// <summary>The bands that a network takes of images: RGB if any has colour, else those of all.</summary>
    /// <exception cref="InputException">Images have different bands.</exception>
    internal static int BandsOf(IReadOnlyList<SourceSample> samples, ImageSize[] sizes)
    {
        var most = sizes.Max(size => size.Channels);
        var few = Array.FindIndex(sizes, size => size.Channels != most);
        if (few < 0 || most == 3 && sizes.All(size => size.Channels is 1 or 3)) return most;
        var many = Array.FindIndex(sizes, size => size.Channels == most);
        throw new InputException(
            $"'{samples[many].Name}' has {most} bands and '{samples[few].Name}' has {sizes[few].Channels}; as many in each image were "
            + "expected, or grey and RGB");
    }
}
