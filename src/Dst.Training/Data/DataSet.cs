using Dst.Foundations;
using Dst.Graph;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>Training, validation and test images in memory, with what a network must know of them.</summary>
public sealed class DataSet
{
    private const int TestSplit = 0;
    private const int ValidationSplit = 1;
    private const double HalfOfTheTest = 0.5;

    private DataSet(
        DataOptions options, IReadOnlyList<string> classNames, FeatureShape shape, SampleSet training, SampleSet validation, SampleSet test,
        CancellationToken cancellation)
    {
        (Options, ClassNames, Shape, Training, Validation, Test) = (options, classNames, shape, training, validation, test);
        Normalisation = Statistics.Normalise(training, options, shape, cancellation);
    }

    private DataSet(DataSet images, InputNormalisation normalisation)
    {
        (Options, ClassNames, Shape) = (images.Options, images.ClassNames, images.Shape);
        (Training, Validation, Test) = (images.Training, images.Validation, images.Test);
        Normalisation = normalisation;
    }

    /// <summary>The settings that the set was loaded with.</summary>
    public DataOptions Options { get; }

    /// <summary>Class names in label order.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Shape of the network's input.</summary>
    public FeatureShape Shape { get; }

    /// <summary>Images to train on.</summary>
    public SampleSet Training { get; }

    /// <summary>Images that every choice is made on; empty if <c>data.validation</c> is 0.</summary>
    public SampleSet Validation { get; }

    /// <summary>Images that results are reported on; read once, at the end.</summary>
    public SampleSet Test { get; }

    /// <summary>How images become inputs, with the mean and deviation of the training images' centre crops.</summary>
    public InputNormalisation Normalisation { get; }

    /// <summary>The same images with the means and deviations of a finished model instead of those of the training images.</summary>
    /// <exception cref="InputException">Its resize or amplitude transform is not that of this data.</exception>
    public DataSet With(InputNormalisation normalisation)
    {
        if ((normalisation.Resize, normalisation.Amplitude) != (Options.Resize, Options.Amplitude))
            throw new InputException(
                $"the model takes resize {normalisation.Resize} and amplitude {Words.Of(normalisation.Amplitude)}; the data has "
                + $"{Options.Resize} and {Words.Of(Options.Amplitude)}");
        return new(this, normalisation);
    }

    /// <summary>Loads, splits and measures a data set, and warns of images that are in two splits.</summary>
    /// <param name="options">The recipe's <c>data</c> section.</param>
    /// <param name="seed">Seed of the run: it draws the validation split, and the test split where the data has none.</param>
    /// <param name="baseFolder">Folder that a relative <c>data.path</c> starts from.</param>
    /// <param name="log">Takes one line at a time.</param>
    /// <param name="cancellation">Checked before each image.</param>
    /// <exception cref="InputException">Data or settings are wrong; see the message.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static DataSet Load(
        DataOptions options, long seed, string baseFolder, Action<string> log, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(log);
        var source = SourceData.Open(options, baseFolder, log, cancellation);
        var (training, validation, test) = Split(source, options, seed, log);
        var shape = InputShape(options, training[0].Read());
        var (marginY, marginX) = (Augmenter.Margin(options, shape.Width), Augmenter.Margin(options, shape.Height));
        var window = shape with { Height = shape.Height + 2 * marginY, Width = shape.Width + 2 * marginX };
        SampleSet LoadSplit(string name, IReadOnlyList<SourceSample> sources, FeatureShape window) =>
            SampleSet.Load(name, sources, options.Resize, window, cancellation);
        var data = new DataSet(
            options, source.ClassNames, shape,
            LoadSplit("training", training, window), LoadSplit("validation", validation, shape), LoadSplit("test", test, shape),
            cancellation);
        log(
            $"data: {data.ClassNames.Count} classes, {data.Training.Count} training, {data.Validation.Count} validation and "
            + $"{data.Test.Count} test images, input {shape}");
        data.WarnOfSmallRoom(log);
        foreach (var leak in LeakCheck.Find(data)) log($"warning: {leak}");
        return data;
    }

    private static (IReadOnlyList<SourceSample> Training, IReadOnlyList<SourceSample> Validation, IReadOnlyList<SourceSample> Test) Split(
        SourceData source, DataOptions options, long seed, Action<string> log)
    {
        (List<SourceSample> Kept, List<SourceSample> Drawn) Draw(IReadOnlyList<SourceSample> samples, double share, int split) =>
            StratifiedSplit.Draw(samples, source.ClassNames, share, seed, split);

        var hasTest = source.Test.Count > 0;
        if (options.ValidationFrom == ValidationSource.Training)
        {
            var (learning, test) = hasTest ? (source.Training, source.Test) : Draw(source.Training, options.Test, TestSplit);
            var (training, validation) = Draw(learning, options.Validation, ValidationSplit);
            return (training, validation, test);
        }

        if (!hasTest)
            throw new InputException(
                $"data.validation_from is test, and the {Words.Of(options.Kind)} data has no test images of its own; expected training");
        var (ofTest, ofValidation) = Draw(source.Test, HalfOfTheTest, ValidationSplit);
        log("data: half of the test images, drawn by the seed, are the validation images; the other half is the test");
        return (source.Training, ofValidation, ofTest);
    }

    private static FeatureShape InputShape(DataOptions options, Image first)
    {
        int height = options.Resize > 0 ? options.Resize : first.Height, width = options.Resize > 0 ? options.Resize : first.Width;
        var shape = new FeatureShape(options.Channels > 0 ? options.Channels : first.Channels, height, width);
        return options.Crop > 0 ? shape with { Height = options.Crop, Width = options.Crop } : shape;
    }

    private void WarnOfSmallRoom(Action<string> log)
    {
        var first = Training.Samples[0];
        var room = Math.Min(Augmenter.Room(Options, first.Height, Shape.Height), Augmenter.Room(Options, first.Width, Shape.Width));
        if (room < Options.Shift)
            log(
                $"data: crops move by at most {room} of data.shift's {Options.Shift} pixels, because images of "
                + $"{first.Height}x{first.Width} with data.pad {Options.Pad} leave no more room for {Shape.Height}x{Shape.Width}");
    }
}
