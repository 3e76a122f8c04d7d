using System.CommandLine;
using System.Globalization;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Graph;
using Dst.Interop.Onnx;
using Dst.ModelFiles;
using Dst.Report;
using Dst.Report.Models;

namespace Dst.Cli.Commands;

/// <summary><c>dst import</c>: an ONNX network becomes a model file.</summary>
internal static class ImportCommand
{
    private const long MaxClassesBytes = 16L << 20;

    private static readonly Argument<string> Source = new("file")
    {
        Description = "ONNX file of any operation set up to 26.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Out = new("--out") { Description = "Model file to write.", HelpName = "FILE", Required = true };

    private static readonly Option<string?> Classes = SharedOptions.Text(
        "--classes", "FILE", "Text file with the names of the classes, one on each line, in the order of the logits.");

    private static readonly Option<string?> Normalise = SharedOptions.Text(
        "--normalise", "MEANS/DEVIATIONS",
        "Mean and deviation of each channel with which the network was trained, for pixels in [0, 1], "
            + "such as 0.485,0.456,0.406/0.229,0.224,0.225.");

    private static readonly Option<string?> Outputs = SharedOptions.Text(
        "--outputs", Words.Choice(Words.All(typeof(OutputKind))),
        "What the outputs are. Default: what the end of the network says. A single output is a score (none) unless it is called the logit of "
            + "the second of two classes.");

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "import",
            "Turns an ONNX network into a model file, to teach with or to prune.",
            "import teacher.onnx --out teacher.safetensors --classes classes.txt",
            "import teacher.onnx --out teacher.safetensors --normalise 0.485,0.456,0.406/0.229,0.224,0.225")
        {
            Source,
            Out,
            Classes,
            Normalise,
            Outputs,
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var (path, output) = (call.Arguments.GetRequiredValue(Source), call.Arguments.GetRequiredValue(Out)!);
        OutputPath.Check(call.Arguments, Out);
        var notes = new List<string>();
        var model = OnnxImporter.Import(path, notes);
        if (call.Arguments.GetValue(Outputs) is { } word) model = WithOutputs(model, word);
        if (call.Arguments.GetValue(Classes) is { } file) model = model with { ClassNames = ReadNames(file, model.Classes) };
        if (call.Arguments.GetValue(Normalise) is { } text)
            model = model with { Normalisation = ParseNormalisation(text, model.Graph.Input.Channels) };
        ModelFile.Save(output, model);
        foreach (var note in notes) call.Report.Log($"{path}: {note}");
        call.Report.Write(Describe(model, output));
    }

    private static Model WithOutputs(Model model, string word)
    {
        if (Words.Find(typeof(OutputKind), word) is OutputKind outputs && model.Graph.AllowsOutputs(outputs))
            return (model.OutputCount == 1 ? model with { ClassNames = [] } : model) with { Outputs = outputs };
        var allowed = Enum.GetValues<OutputKind>().Where(model.Graph.AllowsOutputs).Select(kind => Words.Of(kind)).ToList();
        throw new InputException($"option --outputs is '{word}'; {Words.Choice(allowed)} was expected, by the end of the network");
    }

    private static Result Describe(Model model, string file)
    {
        var cost = NetworkCost.Of(model.Graph, model.Masks);
        var layers = LayerRow.AllOf(model);
        var document = new
        {
            File = file,
            Network = model.Graph.Name,
            Input = model.Graph.Input.ToString(),
            model.Classes,
            model.Outputs,
            cost.Weights,
            cost.Macs,
            Layers = layers,
        };
        var size = $"{Format.Count(cost.Weights)} weights, {Format.Count(cost.Macs)} MACs an image";
        return new(
            document, LayerTable.Of(layers),
            new Lines(
                $"{file}: {document.Network}, input {document.Input}, {Words.Count(model.OutputCount, "output")}, {size}",
                $"outputs: {model.DescribeOutputs()}"));
    }

    private static string[] ReadNames(string path, int classes)
    {
        var text = InputFile.ReadText(path, MaxClassesBytes);
        var names = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Length != classes)
            throw new InputException($"{path} has {names.Length} names of classes; the network has {Words.Count(classes, "class", "classes")}");
        return Words.FindTwice(names) is { } twice
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

    private static float ParseNumber(string text) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : float.NaN;
}
