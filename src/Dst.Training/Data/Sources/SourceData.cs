using Dst.Foundations;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>
/// What a source holds: class names in label order, and labelled images by split. If the validation or test split is empty, it is to be
/// drawn from the training images.
/// </summary>
internal sealed record SourceData(IReadOnlyList<string> ClassNames, IReadOnlyList<SourceSample> Training, IReadOnlyList<SourceSample> Test)
{
    /// <summary>Validation images that the data has of its own.</summary>
    public IReadOnlyList<SourceSample> Validation { get; init; } = [];

    /// <summary>All labelled images.</summary>
    public IEnumerable<SourceSample> Labelled => [.. Training, .. Validation, .. Test];

    /// <summary>Opens the source that the options name, without the images that they leave out.</summary>
    /// <exception cref="InputException">The data is missing, empty or not laid out as its kind is.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static SourceData Open(DataOptions options, Action<string> log, CancellationToken cancellation)
    {
        var source = OpenWhole(options, log, cancellation);
        if (source.ClassNames is [var only] && !IsEnough(source.ClassNames, options))
            throw new InputException(
                $"'{options.Path}' holds images of one class, '{only}'; at least 2 classes were expected"
                + AdviceFor(source.ClassNames, options));
        if (options.Unreadable != UnreadableImages.Skip) return source;
        var readable = ParallelRead.Readable([.. source.Labelled], log, cancellation).ToHashSet();
        return source with
        {
            Training = Readable("training", source.Training),
            Validation = Readable("validation", source.Validation),
            Test = Readable("test", source.Test),
        };

        // Without a split of its own the data would be split in another way.
        IReadOnlyList<SourceSample> Readable(string split, IReadOnlyList<SourceSample> samples)
        {
            List<SourceSample> left = [.. samples.Where(readable.Contains)];
            return left.Count > 0 || samples.Count == 0 ? left : throw new InputException(
                $"of the {samples.Count} {split} images of '{options.Path}' none can be read; some were expected");
        }
    }

    /// <summary>Whether data may have these classes: two or more, or one of <see cref="DataOptions.LoneClasses"/>.</summary>
    public static bool IsEnough(IReadOnlyCollection<string> classNames, DataOptions options) =>
        classNames.Count > 1 || classNames.Any(options.LoneClasses.Contains);

    /// <summary>What a message of too few classes says of <see cref="DataOptions.LoneClasses"/>.</summary>
    public static string AdviceFor(IReadOnlyCollection<string> classNames, DataOptions options)
    {
        if (options.LoneClasses.Count == 0) return "";
        var found = classNames.Count > 0 ? $" in place of '{classNames.First()}'" : "";
        return $", or one that the model knows{found}: {Phrases.First(options.LoneClasses)}";
    }

    private static SourceData OpenWhole(DataOptions options, Action<string> log, CancellationToken cancellation)
    {
        if (options.Kind == DataKind.Simulated) return SimulatedSource.Generate(options.Simulated, cancellation);
        var path = PathOf(options);
        return options.Kind switch
        {
            DataKind.Mstar => FolderSource.OpenMstar(path, options, log),
            DataKind.Folder => FolderSource.Open(path, options, log),
            DataKind.Fusar => FusarSource.Open(path, options, log),
            DataKind.Opensarship => OpenSarShipSource.Open(path, options, log),
            DataKind.Idx => IdxSource.Open(path, log),
            DataKind.Cifar10 => CifarSource.Open(path, CifarLayout.Cifar10, cancellation),
            DataKind.Cifar100 => CifarSource.Open(path, CifarLayout.Cifar100, cancellation),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, "unknown kind of data"),
        };
    }

    /// <summary>Images in memory. Classes are in the order of the code points of their names.</summary>
    /// <param name="training">Images to train on, and to draw splits from.</param>
    /// <param name="test">Test images, or none to draw them.</param>
    /// <exception cref="ArgumentException">An image is null.</exception>
    /// <exception cref="InputException">There are fewer than two classes, or a test image has a class without training images.</exception>
    public static SourceData OfImages(IEnumerable<LabelledImage> training, IEnumerable<LabelledImage> test)
    {
        var (learning, testing) = (ListOf(training, "training"), ListOf(test, "test"));
        string[] names = [.. learning.Select(image => image.ClassName).Distinct().Order(StringComparer.Ordinal)];
        if (names.Length < 2)
            throw new InputException(
                $"the training images are of {Phrases.Count(names.Length, "class", "classes")}; at least 2 were expected");
        return new(names, [.. learning.Select(Sample)], [.. testing.Select(Sample)]);

        SourceSample Sample(LabelledImage labelled, int number)
        {
            var label = Array.IndexOf(names, labelled.ClassName);
            return label >= 0
                ? new($"{labelled.ClassName}, image {number}", label, () => labelled.Image)
                : throw new InputException(
                    $"a test image has the class '{labelled.ClassName}', which has no training images; one of {string.Join(", ", names)} "
                    + "was expected");
        }
    }

    private static List<LabelledImage> ListOf(IEnumerable<LabelledImage> images, string split)
    {
        ArgumentNullException.ThrowIfNull(images);
        List<LabelledImage> list = [.. images];
        var missing = list.IndexOf(null!);
        return missing < 0 ? list : throw new ArgumentException($"{split} image {missing} of {list.Count} is null; an image was expected");
    }

    /// <summary>The full path of a path of a recipe; an empty one stays empty.</summary>
    public static string FullPath(string path) => path.Length == 0 ? "" : Path.GetFullPath(path);

    /// <summary>The folder or file of the data. Of an open archive it is the folder in it that holds the classes or splits.</summary>
    /// <exception cref="InputException">None is given, or it does not exist.</exception>
    public static string PathOf(DataOptions options)
    {
        var expected = options.Kind == DataKind.Auto ? "a data set" : $"{EnumWords.Of(options.Kind)} data";
        if (options.Path.Length == 0) throw new InputException($"data.path is empty; the folder or archive of {expected} was expected");
        var path = FullPath(options.Path);
        if (ImageArchive.HasFolder(path)) return DataKinds.FindInside(path) ?? path;
        return Path.Exists(path)
            ? path
            : throw new InputException($"data.path '{path}' does not exist; the folder or archive of {expected} was expected");
    }
}
