using Dst.Graph;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>Training, validation and test images in memory, with what a network must know of them.</summary>
/// <example>
/// <code>
/// var data = DataSet.Load(new DataOptions { Path = "photos.zip" }, seed: 1, Console.WriteLine);
/// Console.WriteLine($"{data.Training.Count} images of {data.ClassNames.Count} classes, input {data.Shape}");
/// new DataInspection(data).WriteGrid("grid.png");
/// </code>
/// </example>
public sealed class DataSet
{
    private DataSet(DataOptions options, IReadOnlyList<string> classNames, FeatureShape shape) =>
        (Options, ClassNames, Shape) = (options, classNames, shape);

    /// <summary>The settings that the set was loaded with.</summary>
    public DataOptions Options { get; }

    /// <summary>Class names in label order.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Shape of the network's input.</summary>
    public FeatureShape Shape { get; }

    /// <summary>Images to train on.</summary>
    public required SampleSet Training { get; init; }

    /// <summary>
    /// Training images without labels, usually none. A student learns from them what its teacher says, an auto-encoder to give them back.
    /// </summary>
    public required SampleSet Unlabelled { get; init; }

    /// <summary>Images that every choice is made on; empty with <see cref="ValidationSource.None"/>.</summary>
    public required SampleSet Validation { get; init; }

    /// <summary>Images that results are reported on; read once, at the end.</summary>
    public required SampleSet Test { get; init; }

    /// <summary>Whether images are held back, on which epochs can be chosen.</summary>
    public bool HasValidation => Validation.Count > 0;

    /// <summary>The images on which epochs are measured: <see cref="Validation"/>, or <see cref="Training"/> if there are none.</summary>
    public SampleSet Observed => HasValidation ? Validation : Training;

    /// <summary>All images with labels: training, validation and test.</summary>
    public SampleSet Labelled => SampleSet.Join("labelled", Training, Validation, Test);

    /// <summary>Training, unlabelled (where there are such images), validation and test.</summary>
    internal IEnumerable<SampleSet> Splits =>
        Unlabelled.Count > 0 ? [Training, Unlabelled, Validation, Test] : [Training, Validation, Test];

    /// <summary>
    /// How images become inputs, with the mean and deviation of the labelled training images' centre crops: unlabelled images do not
    /// change what a network takes.
    /// </summary>
    public required InputNormalisation Normalisation { get; init; }

    /// <summary>
    /// Steps of an epoch: the batches that hold all training images, labelled and unlabelled. Arms that read only the labelled ones have
    /// as many steps, so that equal epochs cost the same.
    /// </summary>
    public int StepsPerEpoch(int batch) => (int)(((long)Training.Count + Unlabelled.Count + batch - 1) / batch);

    /// <summary>The same images as a model takes them: normalised as it says, or as this data is if it says nothing.</summary>
    public DataSet For(Model model) => model.Normalisation is not { } normalisation ? this : new(Options, ClassNames, Shape)
    {
        Training = Training,
        Unlabelled = Unlabelled,
        Validation = Validation,
        Test = Test,
        Normalisation = normalisation with { Resize = Options.Resize, Fit = Options.Fit }, // images are resized when they are read
    };

    /// <summary>The same images with labels among more classes, which have all classes of the data.</summary>
    internal DataSet Among(IReadOnlyList<string> classNames)
    {
        int[] labels = [.. ClassNames.Select(name => classNames.Index().First(other => other.Item == name).Index)];
        return new(Options, classNames, Shape)
        {
            Training = Training.Relabel(labels),
            Unlabelled = Unlabelled,
            Validation = Validation.Relabel(labels),
            Test = Test.Relabel(labels),
            Normalisation = Normalisation,
        };
    }

    /// <summary>The scale of some normalised images of each split.</summary>
    internal InputScale ScaleOfInputs()
    {
        const int imagesOfSplit = 32;
        var augmenter = new Augmenter(Options, Normalisation, Shape);
        var (scale, input) = (new InputScale(Shape), new float[Shape.Count]);
        foreach (var sample in Splits.SelectMany(split => split.Samples.Take(imagesOfSplit)))
        {
            augmenter.Write(sample, input);
            scale.Add(input, sample.Window);
        }

        return scale;
    }

    /// <summary>Loads, splits and measures a data set, and warns of images that are in two splits or two classes.</summary>
    /// <param name="options">The recipe's <c>data</c> section.</param>
    /// <param name="seed">Seed of the run: it draws the validation split, and the test split where the data has none.</param>
    /// <param name="log">Takes one line at a time.</param>
    /// <param name="cancellation">Checked before each image.</param>
    /// <exception cref="InputException">Data or settings are wrong; see the message.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static DataSet Load(DataOptions options, long seed, Action<string> log, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(log);
        using var archive = ImageArchive.OpenIfAny(SourceData.FullPath(options.Path));
        options = DataKinds.Resolve(options, log);
        return Load(SourceData.Open(options, log, cancellation), options, seed, log, cancellation);
    }

    internal static DataSet Load(
        SourceData source, DataOptions options, long seed, Action<string> log, CancellationToken cancellation)
    {
        options.CheckSizes();
        using var unlabelled = ImageArchive.OpenIfAny(SourceData.FullPath(options.Unlabelled));
        var splits = SourceSplits.Draw(source, options, seed, log, cancellation);
        (options, var shape) = InputShape.Of(options, source, cancellation);
        options.CheckFit();
        var (marginY, marginX) = (Augmenter.Margin(options, shape.Width), Augmenter.Margin(options, shape.Height));
        var window = shape with { Height = shape.Height + 2 * marginY, Width = shape.Width + 2 * marginX };
        var sets = SampleSet.LoadAll(
            [
                new("training", splits.Training, window), new("unlabelled", splits.Unlabelled, window),
                new("validation", splits.Validation, shape), new("test", splits.Test, shape),
            ],
            options, cancellation);
        var data = new DataSet(options, source.ClassNames, shape)
        {
            Training = sets[0],
            Unlabelled = sets[1],
            Validation = sets[2],
            Test = sets[3],
            Normalisation = Statistics.NormalisationOf(sets[0], options, shape, cancellation),
        };
        DataReport.Write(data, log);
        return data;
    }
}
