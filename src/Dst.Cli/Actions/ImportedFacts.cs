using System.CommandLine;
using System.Globalization;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Training.Data;

namespace Dst.Cli.Actions;

/// <summary>The options of <c>dst import</c> that say what a model file of another program does not: classes, inputs and outputs.</summary>
internal static class ImportedFacts
{
    private const long MaxClassesBytes = 16L << 20;

    private static readonly Option<string?> Classes = SharedOptions.Text(
        "--classes", "FILE", "Text file with the names of the classes, one on each line, in the order of the logits.");

    private static readonly Option<string?> Normalise = SharedOptions.Text(
        "--normalise", "MEANS/DEVIATIONS",
        "Mean and deviation of each channel with which the network was trained, for pixels in [0, 1], "
            + "such as 0.485,0.456,0.406/0.229,0.224,0.225.");

    private static readonly Option<string?> Resize = SharedOptions.Text(
        "--resize", "PIXELS", "Size to which images are resized, N or HxW, as data.resize does it, before their centre is taken.");

    private static readonly Option<string?> Fit = SharedOptions.Text(
        "--fit", string.Join('|', EnumWords.All<ResizeFit>()),
        "How images with another ratio of the sides are resized, as data.fit says it.");

    private static readonly Option<string?> Outputs = SharedOptions.Text(
        "--outputs", string.Join('|', EnumWords.All<OutputKind>()),
        "What the outputs are. Default: what the end of the network says. A single output is a score (none) unless it is called the "
            + "logit of the second of two classes.");

    /// <summary>The options that say what a file does not tell of its network.</summary>
    public static IReadOnlyList<Option> Options { get; } = [Classes, Normalise, Resize, Fit, Outputs];

    /// <summary>The model with what the options say of it.</summary>
    /// <exception cref="InputException">An option does not fit the model, or the file of class names cannot be read.</exception>
    public static Model ApplyTo(Model model, Invocation call)
    {
        var arguments = call.Arguments;
        if (arguments.GetValue(Outputs) is { } word) model = WithOutputs(model, word);
        if (arguments.GetValue(Classes) is { } file) model = model with { ClassNames = ReadNames(file, model.Classes) };
        var normalisation = model.Normalisation ?? InputNormalisation.None(model.Graph.Input.Channels);
        if (arguments.GetValue(Normalise) is { } text)
        {
            var (resize, own) = (normalisation.Resize, normalisation.Fit);
            normalisation = ParseNormalisation(text, model.Graph.Input.Channels) with { Resize = resize, Fit = own };
            if (ScaleRemark(normalisation) is { } remark) call.Report.Log(remark);
            model = model with { Normalisation = normalisation };
        }

        if (arguments.GetValue(Resize) is { } size) model = model with { Normalisation = normalisation with { Resize = ParseSize(size) } };
        return arguments.GetValue(Fit) is { } fit ? WithFit(model, fit) : model;
    }

    private static ImageSize ParseSize(string text) =>
        ImageSize.TryParse(text, out var size)
            && size is { Height: >= 1 and <= DataOptions.MaxSide, Width: >= 1 and <= DataOptions.MaxSide }
            ? size
            : throw new InputException(
                $"option --resize is '{text}'; a side or height x width of 1 to {DataOptions.MaxSide}, such as 128x64, was expected");

    private static Model WithFit(Model model, string word)
    {
        if (EnumWords.Find<ResizeFit>(word) is not { } fit)
            throw new InputException($"option --fit is '{word}'; {Phrases.Choice(EnumWords.All<ResizeFit>())} was expected");
        return model.Normalisation is { Resize.IsNone: false } normalisation
            ? model with { Normalisation = normalisation with { Fit = fit } }
            : throw new InputException($"option --fit is '{word}', and the model does not resize images; --resize was expected too");
    }

    private static Model WithOutputs(Model model, string word)
    {
        if (EnumWords.Find<OutputKind>(word) is { } outputs && model.Graph.AllowsOutputs(outputs))
        {
            var renamed = model with { ClassNames = [], Outputs = outputs };
            return renamed.Classes == model.Classes ? model with { Outputs = outputs } : renamed;
        }

        var allowed = Enum.GetValues<OutputKind>().Where(model.Graph.AllowsOutputs).Select(kind => EnumWords.Of(kind)).ToList();
        throw new InputException($"option --outputs is '{word}'; {Phrases.Choice(allowed)} was expected, by the end of the network");
    }

    private static string[] ReadNames(string path, int classes)
    {
        var text = InputFile.ReadText(path, MaxClassesBytes);
        var names = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Length != classes)
            throw new InputException($"{path} has {names.Length} names of classes; the network has "
                + $"{Phrases.Count(classes, "class", "classes")}");
        return Duplicate.Find(names) is { } twice
            ? throw new InputException($"{path} has the class name '{twice}' twice; different names were expected")
            : names;
    }

    private static InputNormalisation ParseNormalisation(string text, int channels)
    {
        var parts = text.Split('/').Select(part => part.Split(',').Select(ParseNumber).ToArray()).ToArray();
        var isLegal = parts.Length == 2 && parts.All(part => part.Length == channels && part.All(float.IsFinite));
        if (isLegal && parts[1].All(deviation => deviation > 0))
            return new(Resize: 0, AmplitudeTransform.None, parts[0], parts[1]);
        throw new InputException(
            $"option --normalise is '{text}'; {channels} means, a slash and {channels} deviations above 0 were expected, "
                + "separated by commas");
    }

    // Pixels of 8 and 16 bits become values from 0 to 1. Floats keep their values, so larger numbers can be right.
    private static string? ScaleRemark(InputNormalisation normalisation)
    {
        if (!normalisation.Mean.Concat(normalisation.Deviation).Any(value => value > 1)) return null;
        return "import: --normalise has numbers above 1, and pixels are values from 0 to 1, unless they are floats; if the network was "
            + $"trained on pixels from 0 to 255, --normalise {Divided(normalisation.Mean)}/{Divided(normalisation.Deviation)} is right";

        static string Divided(IEnumerable<float> values) =>
            string.Join(',', values.Select(value => (value / byte.MaxValue).ToString("G4", CultureInfo.InvariantCulture)));
    }

    private static float ParseNumber(string text) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : float.NaN;
}
