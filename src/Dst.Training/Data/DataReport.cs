using Dst.Foundations;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>The lines that are logged of a data set once it is loaded: what it holds, and warnings.</summary>
internal static class DataReport
{
    /// <summary>Writes the lines.</summary>
    public static void Write(DataSet data, Action<string> log)
    {
        var others = data.Unlabelled.Count > 0 ? $" and {data.Unlabelled.Count} unlabelled" : "";
        log(
            $"data: {Phrases.Count(data.ClassNames.Count, "class", "classes")}, {data.Training.Count} training{others}, "
            + $"{data.Validation.Count} validation and {data.Test.Count} test images, input {data.Shape}");
        if (InputShape.Describe(data) is { } line) log($"data: {line}");
        var sizes = data.Splits.SelectMany(split => split.Samples).Select(sample => sample.Extent);
        foreach (var seen in CropRemarks.Of(sizes, data.Normalisation, data.Shape)) log($"data: {seen}");
        DescribeSmallRoom(data, log);
        WarnOfFiles(data, log);
        WarnOfMixedSamples(data, log);
        WarnOfScale(data, log);
        foreach (var leak in LeakCheck.Find(data)) log($"warning: {leak}");
        foreach (var problem in ClassCheck.Find(data)) log($"warning: {problem}");
    }

    /// <summary>Warns of a given mean on another scale, such as that of pixels from 0 to 255.</summary>
    private static void WarnOfScale(DataSet data, Action<string> log)
    {
        var isCentred = data.Options.Mean.Any(mean => mean != 0); // else only the unit changes
        if (!isCentred || data.ScaleOfInputs().Found() is not { } found) return;
        log(
            $"warning: data.mean and data.deviation do not fit the images: {found}; expected those of pixels from "
            + "0 to 1, such as 0.5 in place of 127.5, or of the floats of the files");
    }

    /// <summary>Says how many crops move less than data.shift allows.</summary>
    private static void DescribeSmallRoom(DataSet data, Action<string> log)
    {
        var (options, shape) = (data.Options, data.Shape);
        var tight = data.Training.Samples.Select(sample => (Sample: sample, Room: RoomOf(sample)))
            .Where(image => image.Room < options.Shift).ToList();
        if (tight.Count == 0) return;
        var (least, room) = tight.MinBy(image => image.Room);
        var size = options.Resize.IsNone ? least.Extent : options.Resize;
        log(
            $"data: crops of {tight.Count} of {data.Training.Count} training images move by less than data.shift's {options.Shift} pixels; "
            + $"those of {size} by at most {room}, because data.pad {options.Pad} leaves no more room for "
            + $"{shape.Height}x{shape.Width}");

        int RoomOf(Sample sample)
        {
            var (rows, columns) = Augmenter.Room(options, sample.Extent, shape);
            return Math.Min(rows, columns);
        }
    }

    /// <summary>Warns of what decoding found in the files, and of negative floats that the amplitude transform takes as 0.</summary>
    private static void WarnOfFiles(DataSet data, Action<string> log)
    {
        const int shown = 5;
        foreach (var samples in data.Splits)
        {
            var warnings = samples.Samples.Where(sample => sample.Warning is not null).ToList();
            foreach (var sample in warnings.Take(shown)) log($"warning: {sample.Warning}");
            if (warnings.Count > shown) log($"warning: {warnings.Count - shown} more files of the {samples.Name} split are like these");
            var marked = samples.Samples.Where(sample => sample.NoData > 0).ToList();
            if (marked.Count > 0)
                log(
                    $"warning: {marked.Count} {samples.Name} images, such as '{marked[0].Name}', have "
                    + $"{marked.Sum(sample => sample.NoData)} samples without data, which are taken as dark");
            if (data.Options.Amplitude == AmplitudeTransform.None) continue;
            var negative = samples.Samples.Where(sample => sample.IsNegative).ToList();
            if (negative.Count > 0)
                log(
                    $"warning: {negative.Count} {samples.Name} images, such as '{negative[0].Name}', have negative values, which "
                    + $"data.amplitude {EnumWords.Of(data.Options.Amplitude)} takes as 0");
        }
    }

    /// <summary>Warns of floats, which stand for themselves, beside other samples, which stand for values from 0 to 1.</summary>
    private static void WarnOfMixedSamples(DataSet data, Action<string> log)
    {
        var kinds = data.Splits.SelectMany(split => split.Samples).ToLookup(sample => sample.Window.IsFloat);
        if (!kinds.Contains(true) || !kinds.Contains(false)) return;
        log(
            $"warning: {Phrases.Count(kinds[true].Count(), "image")}, such as '{kinds[true].First().Name}', have floats, which keep their "
            + $"values, and {kinds[false].Count()}, such as '{kinds[false].First().Name}', have samples of 8 or 16 bits, which become "
            + "values from 0 to 1; one kind was expected, or floats from 0 to 1");
    }
}
