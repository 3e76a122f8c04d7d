using System.Globalization;
using Dst.Foundations;
using Dst.Training.Engine;

namespace Dst.Training.Experiments.Runs;

/// <summary>The lines of <c>metrics.csv</c>: a header, then a row for each epoch.</summary>
public static class MetricsFile
{
    internal const string Header = "arm,epoch,learning_rate,train_loss,train_top1,validation_loss,validation_top1,seconds,images_per_second";

    private const int Fields = 9;

    /// <summary>The rows of a file in the order in which epochs ended. A last line without its end was torn and is left out.</summary>
    /// <exception cref="InputException">The file cannot be read, or a line is not a row.</exception>
    public static IReadOnlyList<EpochMetrics> Read(string path)
    {
        using var reader = new StreamReader(new MemoryStream(InputFile.ReadAllBytes(path)));
        var lines = reader.ReadToEnd().Split('\n')[..^1];
        if (lines.Length == 0 || lines[0] != Header) throw new InputException($"{path} does not begin with '{Header}'; the metrics of a run were expected");
        return [.. lines.Select((line, i) => (line, i)).Skip(1).Select(row => Parse(row.line) ?? throw Illegal(path, row.i + 1))];
    }

    /// <summary>The line of an epoch.</summary>
    internal static string Format(EpochMetrics row) => string.Create(
        CultureInfo.InvariantCulture,
        $"{row.Arm},{row.Epoch},{row.LearningRate},{row.TrainLoss},{row.TrainTop1},{row.ValidationLoss},{row.ValidationTop1},"
        + $"{row.Seconds:F3},{row.ImagesPerSecond:F1}");

    /// <summary>The epoch of a line, or null if the line is not a row.</summary>
    internal static EpochMetrics? Parse(string line)
    {
        var fields = line.Split(',');
        if (fields.Length != Fields || !int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)) return null;
        var numbers = new double[Fields - 2];
        for (var i = 0; i < numbers.Length; i++)
        {
            if (!double.TryParse(fields[i + 2], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i])) return null;
        }

        return new(fields[0], epoch, numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6]);
    }

    private static InputException Illegal(string path, int line) => new($"{path} line {line} is not a row of the metrics of a run");
}
