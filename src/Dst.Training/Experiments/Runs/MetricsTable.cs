using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Dst.Foundations;
using Dst.Training.Engine;

namespace Dst.Training.Experiments.Runs;

/// <summary>The rows of <c>metrics.csv</c> as text: one for each epoch of each arm.</summary>
/// <seealso cref="RunSummary"/>
public static class MetricsTable
{
    internal const string Header =
        "arm,epoch,learning_rate,train_loss,train_top1,validation_loss,validation_top1,seconds,images_per_second";

    private const long MaxBytes = 64 << 20;
    private const int Columns = 9;

    /// <summary>Reads <c>metrics.csv</c>. A last line without its newline is still being written, and is left out.</summary>
    /// <exception cref="InputException">It cannot be read, or a line is not a row of it.</exception>
    public static IReadOnlyList<EpochMetrics> Load(string path) => Parse(path, LinesOf(InputFile.ReadText(path, MaxBytes)));

    /// <summary>The whole lines of a text; one that ends in CR LF keeps its CR.</summary>
    internal static string[] LinesOf(string text) => text.Split('\n')[..^1];

    /// <summary>The rows of the lines of a file.</summary>
    /// <exception cref="InputException">The first line is not the header, or another is not a row.</exception>
    internal static IReadOnlyList<EpochMetrics> Parse(string path, string[] lines)
    {
        if (lines.Length == 0 || lines[0].TrimEnd('\r') != Header)
            throw new InputException(
                $"{path} does not begin with the line '{Header}', as the metrics of a run do; put back the file that the run wrote, or "
                + "this line");
        return [.. lines.Skip(1).Select((line, i) => TryParse(line, out var row)
            ? row
            : throw new InputException(
                $"{path} has '{Phrases.Shorten(line.TrimEnd('\r'))}' in line {i + 2}; expected an arm, an epoch and {Columns - 2} numbers: "
                + "correct the line, or remove it"))];
    }

    internal static string Format(EpochMetrics row) => string.Create(
        CultureInfo.InvariantCulture,
        $"{row.Arm},{row.Epoch},{row.LearningRate},{row.TrainLoss},{row.TrainTop1},{row.ValidationLoss},{row.ValidationTop1},"
        + $"{row.Seconds:F3},{row.ImagesPerSecond:F1}");

    internal static bool TryParse(string line, [NotNullWhen(true)] out EpochMetrics? row)
    {
        row = null;
        var fields = line.Split(',');
        if (fields.Length != Columns || !int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
            return false;
        var numbers = new double[Columns - 2];
        for (var i = 0; i < numbers.Length; i++)
            if (!double.TryParse(fields[i + 2], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i])) return false;
        row = new(fields[0], epoch, numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6]);
        return true;
    }
}
