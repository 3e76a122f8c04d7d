using Dst.Foundations;
using Dst.Graph;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>Training, validation and test images in memory, with what a network must know of them.</summary>
/// <example>
/// <code>
/// var data = DataSet.Load(new DataOptions { Path = "photos.zip" }, seed: 1, Environment.CurrentDirectory, Console.WriteLine);
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
    /// Images without labels, from which a student learns what its teacher says of them, and an auto-encoder to give them back; usually
    /// empty.
    /// </summary>
    public required SampleSet Unlabelled { get; init; }

    /// <summary>Images that every choice is made on; empty with <see cref="ValidationSource.None"/>.</summary>
    public required SampleSet Validation { get; init; }

    /// <summary>Whether images are held back, on which epochs can be chosen.</summary>
    public bool HasValidation => Validation.Count > 0;

    /// <summary>The images on which epochs are measured: <see cref="Validation"/>, or <see cref="Training"/> if there are none.</summary>
    public SampleSet Observed => HasValidation ? Validation : Training;

    /// <summary>Images that results are reported on; read once, at the end.</summary>
    public required SampleSet Test { get; init; }

    /// <summary>Training, unlabelled (where there are such images), validation and test.</summary>
    internal IEnumerable<SampleSet> Splits =>
        Unlabelled.Count > 0 ? [Training, Unlabelled, Validation, Test] : [Training, Validation, Test];

    /// <summary>
    /// How images become inputs, with the mean and deviation of the labelled training images' centre crops. So unlabelled images do
    /// not change what a network takes.
    /// </summary>
    public required InputNormalisation Normalisation { get; init; }

    /// <summary>
    /// Steps of an epoch: as many as batches hold all training images, labelled and unlabelled. Arms that read only the labelled ones
    /// have as many, so that equal epochs cost the same.
    /// </summary>
    public int StepsPerEpoch(int batch) => (int)(((long)Training.Count + Unlabelled.Count + batch - 1) / batch);

    /// <summary>The same images as a model takes them: normalised as it says, or as this data is if it says nothing.</summary>
    public DataSet For(Model model) => model.Normalisation is not { } normalisation ? this : new(Options, ClassNames, Shape)
    {
        Training = Training,
        Unlabelled = Unlabelled,
        Validation = Validation,
        Test = Test,
        Normalisation = normalisation with { Resize = Options.Resize }, // images are resized when they are read
    };

    /// <summary>Loads, splits and measures a data set, and warns of images that are in two splits or two classes.</summary>
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
        using var archive = ImageArchive.OpenIfAny(SourceData.FullPath(options.Path, baseFolder));
        options = DataKinds.Resolve(options, baseFolder, log);
        return Load(SourceData.Open(options, baseFolder, log, cancellation), options, seed, baseFolder, log, cancellation);
    }

    internal static DataSet Load(
        SourceData source, DataOptions options, long seed, string baseFolder, Action<string> log, CancellationToken cancellation)
    {
        using var unlabelled = ImageArchive.OpenIfAny(SourceData.FullPath(options.Unlabelled, baseFolder));
        var splits = SourceSplits.Draw(source, options, seed, baseFolder, log, cancellation);
        (options, var shape) = InputShape.Of(options, source, cancellation);
        var (marginY, marginX) = (Augmenter.Margin(options, shape.Width), Augmenter.Margin(options, shape.Height));
        var window = shape with { Height = shape.Height + 2 * marginY, Width = shape.Width + 2 * marginX };
        var sets = SampleSet.LoadAll(
            [
                new("training", splits.Training, window), new("unlabelled", splits.Unlabelled, window),
                new("validation", splits.Validation, shape), new("test", splits.Test, shape),
            ],
            options.Resize, cancellation);
        var training = sets[0];
        var data = new DataSet(options, source.ClassNames, shape)
        {
            Training = training,
            Unlabelled = sets[1],
            Validation = sets[2],
            Test = sets[3],
            Normalisation = Statistics.Normalise(training, options, shape, cancellation),
        };
        var others = data.Unlabelled.Count > 0 ? $" and {data.Unlabelled.Count} unlabelled" : "";
        log(
            $"data: {data.ClassNames.Count} classes, {training.Count} training{others}, {data.Validation.Count} validation and "
            + $"{data.Test.Count} test images, input {shape}");
        if (InputShape.Describe(data) is { } line) log($"data: {line}");
        var sizes = data.Splits.SelectMany(split => split.Samples).Select(sample => (sample.Height, sample.Width));
        foreach (var seen in CropRemarks.Of(sizes, options.Resize, shape)) log($"data: {seen}");
        data.WarnOfSmallRoom(log);
        data.WarnOfFiles(log);
        data.WarnOfMixedSamples(log);
        foreach (var leak in LeakCheck.Find(data)) log($"warning: {leak}");
        foreach (var problem in ClassCheck.Find(data)) log($"warning: {problem}");
        return data;
    }

    // Says what decoding found in the files, and what the amplitude transform does to negative floats.
    private void WarnOfFiles(Action<string> log)
    {
        const int shown = 5;
        foreach (var samples in Splits)
        {
            var warnings = samples.Samples.Where(sample => sample.Warning is not null).ToList();
            foreach (var sample in warnings.Take(shown)) log($"warning: {sample.Warning}");
            if (warnings.Count > shown) log($"warning: {warnings.Count - shown} more files of the {samples.Name} split are like these");
            var marked = samples.Samples.Where(sample => sample.NoData > 0).ToList();
            if (marked.Count > 0)
                log(
                    $"warning: {marked.Count} {samples.Name} images, such as '{marked[0].Name}', have "
                    + $"{marked.Sum(sample => sample.NoData)} samples without data, which are taken as dark");
            if (Options.Amplitude == AmplitudeTransform.None) continue;
            var negative = samples.Samples.Where(sample => sample.IsNegative).ToList();
            if (negative.Count > 0)
                log(
                    $"warning: {negative.Count} {samples.Name} images, such as '{negative[0].Name}', have negative values, which "
                    + $"data.amplitude {Words.Of(Options.Amplitude)} takes as 0");
        }
    }

    // Floats stand for themselves, other samples for values from 0 to 1.
    private void WarnOfMixedSamples(Action<string> log)
    {
        var kinds = Splits.SelectMany(split => split.Samples).ToLookup(sample => sample.Window.IsFloat);
        if (!kinds.Contains(true) || !kinds.Contains(false)) return;
        log(
            $"warning: {Words.Count(kinds[true].Count(), "image")}, such as '{kinds[true].First().Name}', have floats, which keep their "
            + $"values, and {kinds[false].Count()}, such as '{kinds[false].First().Name}', have samples of 8 or 16 bits, which become "
            + "values from 0 to 1; one kind was expected, or floats from 0 to 1");
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
