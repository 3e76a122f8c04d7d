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
        Description = "ONNX file of operation set 7 to 21.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Out = new("--out") { Description = "Model file to write.", HelpName = "FILE", Required = true };

    private static readonly Option<string?> Classes = SharedOptions.Text(
        "--classes", "FILE", "Text file with the names of the classes, one on each line, in the order of the logits.");

    private static readonly Option<string?> Normalise = SharedOptions.Text(
        "--normalise", "MEANS/DEVIATIONS",
        "Mean and deviation of each channel with which the network was trained, for pixels in [0, 1], "
            + "such as 0.485,0.456,0.406/0.229,0.224,0.225.");

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
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var (path, output) = (call.Arguments.GetRequiredValue(Source), call.Arguments.GetRequiredValue(Out)!);
        OutputPath.Check(call.Arguments, Out);
        var imported = OnnxImporter.Import(path);
        var classes = imported.Graph.OutputShape.Channels;
        var model = new Model(imported.Graph, imported.Parameters)
        {
            Masks = imported.Masks,
            ClassNames = call.Arguments.GetValue(Classes) is { } file ? ReadNames(file, classes) : imported.ClassNames,
            Normalisation = call.Arguments.GetValue(Normalise) is { } text
                ? ParseNormalisation(text, imported.Graph.Input.Channels)
                : imported.Normalisation,
        };
        ModelFile.Save(output, model);
        call.Report.Write(Describe(model, output, classes));
    }

    private static Result Describe(Model model, string file, int classes)
    {
        var cost = NetworkCost.Of(model.Graph, model.Masks);
        var layers = LayerRow.AllOf(model);
        var document = new
        {
            File = file,
            Network = model.Graph.Name,
            Input = model.Graph.Input.ToString(),
            Classes = classes,
            cost.Weights,
            cost.Macs,
            Layers = layers,
        };
        var size = $"{Format.Count(cost.Weights)} weights, {Format.Count(cost.Macs)} MACs an image";
        return new(
            document, LayerTable.Of(layers), new Lines($"{file}: {document.Network}, input {document.Input}, {classes} classes, {size}"));
    }

    private static string[] ReadNames(string path, int classes)
    {
        var text = InputFile.ReadText(path, MaxClassesBytes);
        var names = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names.Length == classes
            ? names
            : throw new InputException($"{path} has {names.Length} names of classes; the network has {classes} outputs");
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
