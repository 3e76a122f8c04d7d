using Dst.Foundations;

namespace Dst.Training.Data;

/// <summary>The images of a source by split. Only the unlabelled ones have no labels.</summary>
internal sealed record SourceSplits(
    IReadOnlyList<SourceSample> Training, IReadOnlyList<SourceSample> Unlabelled, IReadOnlyList<SourceSample> Validation,
    IReadOnlyList<SourceSample> Test)
{
    private const int TestSplit = 0;
    private const int ValidationSplit = 1;
    private const int LabelSplit = 2;
    private const double HalfOfTheTest = 0.5;

    /// <summary>Draws the splits that the options ask for, and lists the unlabelled images.</summary>
    /// <exception cref="InputException">The data has too few images, or no test where one is to be halved.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static SourceSplits Draw(
        SourceData source, DataOptions options, long seed, Action<string> log, CancellationToken cancellation)
    {
        var splits = options.ValidationFrom == ValidationSource.Test
            ? HalveTest(source, options, seed, log)
            : SplitTraining(source, options, seed, log);
        if (options is { Others: OtherImages.Dropped, LabelsPerClass: 0 })
            throw new InputException("data.others is dropped with data.labels_per_class 0, which leaves no others; expected unlabelled");
        if (source.Test.Count > 0 && options.Test != new DataOptions().Test)
            log(
                Invariant($"data: data.test {options.Test} has no effect, ")
                + $"because the data has a test split of {source.Test.Count} images");
        else if (options.Folds > 0 && options.Test != new DataOptions().Test)
            log(Invariant($"data: data.test {options.Test} has no effect with data.folds {options.Folds}"));
        if (options.LabelsPerClass > 0) splits = splits.WithFewerLabels(options, seed, log);
        return splits with
        {
            Unlabelled = [.. splits.Unlabelled, .. FolderSource.OpenUnlabelled(options, log, cancellation)],
        };
    }

    private static SourceSplits SplitTraining(SourceData source, DataOptions options, long seed, Action<string> log)
    {
        var (rest, test) = options.Folds > 0 ? DrawFold(source, options, seed, log)
            : source.Test.Count > 0 ? (source.Training, source.Test)
            : StratifiedSplit.Draw(
                source.Training, source.ClassNames, options.Test, seed, TestSplit, AdviceFor(options.Kind),
                WarningOf(options, log, "the test has none"));
        if (options.ValidationFrom == ValidationSource.None)
        {
            if (source.Validation.Count > 0)
                throw new InputException("data.validation_from is none, and the data has validation images of its own; expected training");
            return new(rest, [], [], test);
        }

        if (source.Validation.Count > 0)
        {
            log($"data: {source.Validation.Count} validation images are in a folder of their own, so data.validation draws none");
            return new(rest, [], source.Validation, test);
        }

        var (training, validation) = StratifiedSplit.Draw(
            rest, source.ClassNames, options.Validation, seed, ValidationSplit, AdviceFor(options.Kind),
            WarningOf(options, log, "the validation has none"));
        return new(training, [], validation, test);
    }

    private static (IReadOnlyList<SourceSample> Kept, IReadOnlyList<SourceSample> Drawn) DrawFold(
        SourceData source, DataOptions options, long seed, Action<string> log)
    {
        var folds = options.Folds;
        if (folds == 1) throw new InputException("data.folds is 1; 0 or at least 2 were expected");
        if (source.Test.Count > 0)
            throw new InputException(
                $"data.folds is {folds}, and the data has a test split of {Phrases.Count(source.Test.Count, "image")}; 0 was expected");
        var round = Math.DivRem(seed - 1, folds, out var fold);
        if (fold < 0) (round, fold) = (round - 1, fold + folds);
        var first = round * folds + 1;
        log(
            Invariant($"data: the test is part {fold + 1} of {folds}; the seeds {first} to {first + folds - 1} test each image once ")
            + "(data.folds)");
        return StratifiedSplit.DrawFold(
            source.Training, source.ClassNames, folds, (int)fold, round, TestSplit, AdviceFor(options.Kind, $"{folds}"),
            WarningOf(options, log, $"not each of the {folds} tests has one"));
    }

    /// <summary>Takes what is said of classes that are too small for a split, or null if they are to be refused.</summary>
    private static Action<string>? WarningOf(DataOptions options, Action<string> log, string result) =>
        options.AllowsSmallClasses ? found => log($"warning: {found}; {result}") : null;

    private static string AdviceFor(DataKind kind, string images = "3") =>
        DataKinds.Has(kind, "data.min_samples") ? $", or data.min_samples {images}, which leaves out smaller classes" : "";

    private static SourceSplits HalveTest(SourceData source, DataOptions options, long seed, Action<string> log)
    {
        if (source.Validation.Count > 0)
            throw new InputException("data.validation_from is test, and the data has validation images of its own; expected training");
        if (source.Test.Count == 0)
            throw new InputException(
                $"data.validation_from is test, and the {EnumWords.Of(options.Kind)} data has no test images of its own; "
                + "expected training");
        var (test, validation) = StratifiedSplit.Draw(
            source.Test, source.ClassNames, HalfOfTheTest, seed, ValidationSplit,
            warn: WarningOf(options, log, "the validation has none"));
        log("data: half of the test images, drawn by the seed, are the validation images; the other half is the test");
        return new(source.Training, [], validation, test);
    }

    /// <summary>These splits, with labels for only some training images of each class. The others lose theirs, or are dropped.</summary>
    private SourceSplits WithFewerLabels(DataOptions options, long seed, Action<string> log)
    {
        var (labelled, others) = StratifiedSplit.DrawAllBut(options.LabelsPerClass, Training, seed, LabelSplit);
        if (others.Count == 0)
            log($"data: all images keep their labels, because no class has more than data.labels_per_class, {options.LabelsPerClass}");
        if (options.Others == OtherImages.Dropped) others.Clear();
        return this with { Training = labelled, Unlabelled = others.ConvertAll(sample => sample with { Label = null }) };
    }
}
