using Dst.Foundations;

namespace Dst.Training.Data;

/// <summary>The images of a source by what they are for. Only the unlabelled ones have no labels.</summary>
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
        SourceData source, DataOptions options, long seed, string baseFolder, Action<string> log, CancellationToken cancellation)
    {
        var (learning, validation, test) = options.ValidationFrom == ValidationSource.Test
            ? HalveTest(source, options, seed, log)
            : SplitTraining(source, options, seed, log);
        List<SourceSample> unlabelled = [];
        if (options is { Others: OtherImages.Dropped, LabelsPerClass: 0 })
            throw new InputException("data.others is dropped with data.labels_per_class 0, which leaves no others; expected unlabelled");
        if (options.LabelsPerClass > 0)
        {
            (learning, unlabelled) = StratifiedSplit.DrawAllBut(options.LabelsPerClass, learning, seed, LabelSplit);
            unlabelled = unlabelled.ConvertAll(sample => sample with { Label = null });
            if (unlabelled.Count == 0)
                log($"data: all images keep their labels, because no class has more than data.labels_per_class, {options.LabelsPerClass}");
            if (options.Others == OtherImages.Dropped) unlabelled.Clear();
        }

        unlabelled.AddRange(FolderSource.OpenUnlabelled(options, baseFolder, log, cancellation));
        return new(learning, unlabelled, validation, test);
    }

    private static (IReadOnlyList<SourceSample> Learning, IReadOnlyList<SourceSample> Validation, IReadOnlyList<SourceSample> Test)
        SplitTraining(SourceData source, DataOptions options, long seed, Action<string> log)
    {
        var (rest, test) = source.Test.Count > 0
            ? (source.Training, source.Test)
            : StratifiedSplit.Draw(source.Training, source.ClassNames, options.Test, seed, TestSplit);
        if (options.ValidationFrom == ValidationSource.None)
        {
            if (source.Validation.Count > 0)
                throw new InputException("data.validation_from is none, and the data has validation images of its own; expected training");
            return (rest, [], test);
        }

        if (source.Validation.Count > 0)
        {
            log($"data: {source.Validation.Count} validation images are in a folder of their own, so data.validation draws none");
            return (rest, source.Validation, test);
        }

        var (learning, validation) = StratifiedSplit.Draw(rest, source.ClassNames, options.Validation, seed, ValidationSplit);
        return (learning, validation, test);
    }

    private static (IReadOnlyList<SourceSample> Learning, IReadOnlyList<SourceSample> Validation, IReadOnlyList<SourceSample> Test)
        HalveTest(SourceData source, DataOptions options, long seed, Action<string> log)
    {
        if (source.Validation.Count > 0)
            throw new InputException("data.validation_from is test, and the data has validation images of its own; expected training");
        if (source.Test.Count == 0)
            throw new InputException(
                $"data.validation_from is test, and the {Words.Of(options.Kind)} data has no test images of its own; expected training");
        var (test, validation) = StratifiedSplit.Draw(source.Test, source.ClassNames, HalfOfTheTest, seed, ValidationSplit);
        log("data: half of the test images, drawn by the seed, are the validation images; the other half is the test");
        return (source.Training, validation, test);
    }
}
