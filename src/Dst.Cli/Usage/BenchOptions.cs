using System.CommandLine;
using System.Globalization;
using Dst.Cli.Bench;
using Dst.Graph;
using Dst.Masks;
using Dst.Report;
using Dst.Runtime.Inference;

namespace Dst.Cli.Usage;

/// <summary>Options that more than one of the verbs of <c>dst bench</c> takes.</summary>
internal static class BenchOptions
{
    /// <summary>The network of a verb that takes no model file.</summary>
    public static readonly Option<string> Arch = new("--arch")
    {
        Description = "Architecture, by its name in the zoo.",
        HelpName = "name",
        Required = true,
    };

    /// <summary>Threads of a measurement: one, unless asked otherwise.</summary>
    public static readonly Option<int?> Threads = SharedOptions.Number(
        "--threads", "Threads that share the images of a run. Default: 1.", 1, 1024);

    /// <summary>Width multiplier.</summary>
    public static readonly Option<double?> Width = SharedOptions.Number(
        "--width", "Width multiplier of the architecture. Default: 1.", 0.05, 16);

    /// <summary>Shape of an image.</summary>
    public static readonly Option<string?> Input = SharedOptions.Text(
        "--input", "C,H,W",
        "Channels, height and width of an image, also as CxHxW. Default: 1,88,88 for aconvnet, 3,32,32 for the others.");

    /// <summary>Pattern of the masks.</summary>
    public static readonly Option<string?> Pattern = SharedOptions.Text(
        "--pattern", "unit:block:group[:keep]", "Prunes the convolutions by this pattern, such as kernel:16:16. Default: a dense network.");

    /// <summary>A file for the table.</summary>
    public static readonly Option<string?> Csv = SharedOptions.Text(
        "--csv", "FILE", "Also writes the table to this file as CSV, with commit, version, processor, runtime and date.");

    /// <summary>Images of a run.</summary>
    public static readonly Option<int?> Batch = SharedOptions.Number(
        "--batch", "Images that run together. Default: 1.", 1, InferencePlan.MaxBatch);

    /// <summary>Measures on a busy machine.</summary>
    public static readonly Option<bool> UnderLoad = new("--under-load")
    {
        Description = "Keeps all cores but one busy with other work meanwhile, and measures one thread and --threads in turns. "
            + "Default then: all cores.",
    };

    /// <summary>Writes the result of a measurement, and its table into the file that <see cref="Csv"/> names.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(Invocation call, Result result)
    {
        call.Report.Write(result); // first, so that no measurement is lost if the file cannot be written
        if (call.Arguments.GetValue(Csv) is { } path) BenchFile.Write(path, result);
    }

    /// <summary>The number of threads, 1 if none is named.</summary>
    public static int ThreadsOf(ParseResult arguments) => arguments.GetValue(Threads) ?? 1;

    /// <summary>The number of threads that <see cref="UnderLoad"/> sets beside one, all cores if none is named.</summary>
    /// <exception cref="InputException">It is one.</exception>
    public static int SeveralThreadsOf(ParseResult arguments)
    {
        var threads = arguments.GetValue(Threads) ?? Environment.ProcessorCount;
        return threads > 1 ? threads
            : throw new InputException(
                $"option {UnderLoad.Name} has 1 thread to set beside one; at least 2 were expected as {Threads.Name}");
    }

    /// <summary>The number of images of a run, 1 if none is named.</summary>
    public static int BatchOf(ParseResult arguments) => arguments.GetValue(Batch) ?? 1;

    /// <summary>The width multiplier, 1 if none is named.</summary>
    public static double WidthOf(ParseResult arguments) => arguments.GetValue(Width) ?? 1;

    /// <summary>The shape of an image, or null for the architecture's usual one.</summary>
    /// <exception cref="InputException">The text is not a shape.</exception>
    public static FeatureShape? ShapeOf(ParseResult arguments) => ShapeOf(arguments, Input);

    /// <summary>The shape of an image that an option names, or null if it names none.</summary>
    /// <exception cref="InputException">The text is not a shape.</exception>
    public static FeatureShape? ShapeOf(ParseResult arguments, Option<string?> input)
    {
        if (arguments.GetValue(input) is not { } text) return null;
        var extents = Array.ConvertAll(
            text.Split(text.Contains(',') ? ',' : 'x'),
            part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var extent) ? extent : 0);
        return extents.Length == 3 && extents.Min() > 0 ? new(extents[0], extents[1], extents[2])
            : throw new InputException($"option {input.Name} is '{text}'; channels, height and width were expected, such as 3,32,32");
    }

    /// <summary>The pattern, or null for a dense network.</summary>
    /// <exception cref="InputException">The text is not a pattern.</exception>
    public static UhpPattern? PatternOf(ParseResult arguments) => arguments.GetValue(Pattern) is { } text ? UhpPattern.Parse(text) : null;
}
