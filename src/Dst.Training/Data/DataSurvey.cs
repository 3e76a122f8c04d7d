using Dst.Foundations;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>What a data set holds: counts and sizes, found without decoding images whose format tells its size.</summary>
/// <example>
/// <code>
/// var survey = DataSurvey.Of(new DataOptions { Path = "photos" });
/// Console.WriteLine($"{survey.Images} images of {survey.Classes} classes");
/// </code>
/// </example>
public sealed record DataSurvey
{
    /// <summary>Number of classes.</summary>
    public required int Classes { get; init; }

    /// <summary>Images with labels that networks may learn from, before any split is drawn from them.</summary>
    public required int Images { get; init; }

    /// <summary>Images of the smallest class, of <see cref="Images"/>.</summary>
    public required int SmallestClass { get; init; }

    /// <summary>Name of the smallest class.</summary>
    public required string SmallestName { get; init; }

    /// <summary>Images of the largest class, of <see cref="Images"/>.</summary>
    public required int LargestClass { get; init; }

    /// <summary>Whether the data has validation images of its own.</summary>
    public required bool HasValidation { get; init; }

    /// <summary>Whether the data has test images of its own.</summary>
    public required bool HasTest { get; init; }

    /// <summary>Bands of a network's input: 3 if any image has colour.</summary>
    public required int Channels { get; init; }

    /// <summary>The size of the images if it is one, else null.</summary>
    public required ImageSize? Size { get; init; }

    /// <summary>Median over the images of their shorter side, in pixels.</summary>
    public required int MedianSide { get; init; }

    /// <summary>
    /// Height over width of a typical image: the median over the images, or 1 if fewer than four in five are all higher than wide, or all
    /// wider than high.
    /// </summary>
    public required double MedianRatio { get; init; }

    /// <summary>Surveys a data set.</summary>
    /// <param name="options">The recipe's <c>data</c> section.</param>
    /// <param name="cancellation">Checked before each image.</param>
    /// <exception cref="InputException">The data is missing, an image cannot be read, or images have different bands.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static DataSurvey Of(DataOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        static void Silent(string line) { } // DataSet.Load says the same lines
        using var archive = ImageArchive.OpenIfAny(SourceData.FullPath(options.Path));
        options = DataKinds.Resolve(options, Silent);
        return Of(SourceData.Open(options, Silent, cancellation), cancellation);
    }

    internal static DataSurvey Of(SourceData source, CancellationToken cancellation)
    {
        SourceSample[] samples = [.. source.Labelled];
        var sizes = ParallelRead.Sizes(samples, cancellation);
        var sides = sizes.Select(size => Math.Min(size.Height, size.Width)).Order().ToList();
        var classes = source.Training.CountBy(sample => sample.Label!.Value).ToList();
        var smallest = classes.MinBy(label => label.Value);
        var size = new ImageSize(sizes[0].Height, sizes[0].Width);
        return new()
        {
            Classes = source.ClassNames.Count,
            Images = source.Training.Count,
            SmallestClass = smallest.Value,
            SmallestName = source.ClassNames[smallest.Key],
            LargestClass = classes.Max(label => label.Value),
            HasValidation = source.Validation.Count > 0,
            HasTest = source.Test.Count > 0,
            Channels = InputShape.BandsOf(samples, sizes),
            Size = sizes.All(other => (other.Height, other.Width) == (size.Height, size.Width)) ? size : null,
            MedianSide = sides[sides.Count / 2],
            MedianRatio = RatioOf(sizes),
        };
    }

    private static double RatioOf(IReadOnlyList<ImageShape> sizes)
    {
        var ratios = sizes.Select(size => (double)size.Height / size.Width).Order().ToList();
        var most = Math.Max(ratios.Count(ratio => ratio > 1), ratios.Count(ratio => ratio < 1));
        return most >= 0.8 * ratios.Count ? ratios[ratios.Count / 2] : 1;
    }

    /// <summary>A line such as <c>300 images of 3 classes, colour, of several sizes, median side 120</c>.</summary>
    public override string ToString()
    {
        var size = Size is { } one ? $"{one}" : $"several sizes, median side {MedianSide}";
        var own = (HasValidation, HasTest) switch
        {
            (true, true) => "; validation and test images of their own",
            (true, false) => "; validation images of their own",
            (false, true) => "; test images of their own",
            _ => "",
        };
        return $"{Phrases.Count(Images, "image")} of {Phrases.Count(Classes, "class", "classes")}, "
            + $"{InputShape.NameOf(Channels)}, {size}{own}";
    }
}
