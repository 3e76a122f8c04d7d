using Dst.Report;
using Spectre.Console;

namespace Dst.Cli.Output;

/// <summary>Draws the progress of an experiment as a few lines for a terminal of any width.</summary>
internal static class LiveView
{
    private const int MinWidth = 20;
    private const int MaxBar = 30;
    private const int MaxCurve = 40;
    private const int LabelWidth = 17; // "unstructured-kd" and a gap
    private const string Levels = "▁▂▃▄▅▆▇█";

    /// <summary>The lines, none of them longer than a width, without a line break at the end.</summary>
    public static string Render(ExperimentProgress progress, int width, bool isColoured)
    {
        width = Math.Max(width, MinWidth);
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new()
        {
            Out = new AnsiConsoleOutput(text),
            Ansi = isColoured ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = isColoured ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = width;
        console.Write(GridOf(progress, width));
        return text.ToString().ReplaceLineEndings("\n").TrimEnd('\n');
    }

    private static Grid GridOf(ExperimentProgress progress, int width)
    {
        var (last, room) = (progress.Last, Math.Max(width - LabelWidth, MinWidth / 2));
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn(new GridColumn().PadRight(0));
        Row(grid, last.Arm, $"arm {progress.Number} of {progress.Arms}, {progress.Network}", "bold");
        Row(grid, $"epoch {last.Epoch} of {last.Epochs}", Bar(progress.Done, Math.Min(MaxBar, room - 7)), "green");
        Row(grid, $"loss {last.Loss:F4}", ValidationOf(progress), "default");
        if (progress.Validation.Count > 1) Row(grid, "", Curve(progress.Validation, Math.Min(MaxCurve, room)), "blue");
        var all = progress.Number < progress.Arms ? $", {Format.Duration(progress.RemainingOfAll)} for all arms" : "";
        Row(grid, $"{last.ImagesPerSecond:F0} images/s", $"{Format.Duration(last.Remaining)} left{all}", "default");
        return grid;
    }

    private static void Row(Grid grid, string label, string value, string style) =>
        grid.AddRow(new Text(label, Style.Parse(style)), new Text(value, Style.Parse(style)));

    private static string ValidationOf(ExperimentProgress progress)
    {
        var validation = progress.Validation;
        if (validation.Count == 0) return "validation after the first epoch";
        if (progress.Reconstructs) return $"validation loss {validation[^1]:F4}, best {validation.Min():F4}";
        return $"validation {Format.Percent(validation[^1])}, best {Format.Percent(validation.Max())}";
    }

    private static string Bar(double done, int width)
    {
        var filled = Math.Clamp((int)(width * done), 0, Math.Max(width, 0));
        return $"{new string('█', filled)}{new string('░', Math.Max(width - filled, 0))} {Format.Percent(done)}";
    }

    /// <summary>A small curve from the lowest to the highest value. Neighbours are averaged where columns are too few.</summary>
    internal static string Curve(IReadOnlyList<double> values, int width)
    {
        var columns = Math.Min(values.Count, width);
        var means = Enumerable.Range(0, columns)
            .Select(i => values.Take(values.Count * (i + 1) / columns).Skip(values.Count * i / columns).Average()).ToList();
        var (low, high) = (means.Min(), means.Max());
        return string.Concat(means.Select(mean => Levels[high > low ? (int)Math.Round((mean - low) / (high - low) * 7) : 3]));
    }
}
