using System.CommandLine;
using System.Globalization;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Graph;
using Dst.ModelFiles;
using Dst.Report;
using Dst.Report.Models;
using Dst.Runtime.Threading;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks.Repair;

namespace Dst.Cli.Commands;

/// <summary><c>dst import</c>: a network of another program becomes a model file.</summary>
internal static class ImportCommand
{
    private const long MaxClassesBytes = 16L << 20;

    private const string NoBatchNorm =
        "no batch normalisation: if the exporter folded it into the convolutions, the network can hardly be trained on; use "
        + "--restore-batch-norm, or export it with training=TrainingMode.PRESERVE, do_constant_folding=False";

    private static readonly Option<string?> Out = new("--out") { Description = "Model file to write.", HelpName = "FILE", Required = true };

    private static readonly Option<string?> Classes = SharedOptions.Text(
        "--classes", "FILE", "Text file with the names of the classes, one on each line, in the order of the logits.");

    private static readonly Option<string?> Normalise = SharedOptions.Text(
        "--normalise", "MEANS/DEVIATIONS",
        "Mean and deviation of each channel with which the network was trained, for pixels in [0, 1], "
            + "such as 0.485,0.456,0.406/0.229,0.224,0.225.");

    private static readonly Option<int?> Resize = SharedOptions.Number(
        "--resize", "Side in pixels to which images are resized, as data.resize does it, before their centre is taken.", 1, 4096);

    private static readonly Option<string?> Outputs = SharedOptions.Text(
        "--outputs", Words.Choice(Words.All(typeof(OutputKind))),
        "What the outputs are. Default: what the end of the network says. A single output is a score (none) unless it is called the "
            + "logit of the second of two classes.");

    private static readonly Option<bool> RestoreBatchNorm = new("--restore-batch-norm")
    {
        Description = "Puts a batch normalisation behind each convolution that has none, with mean and deviation of the images of --data "
            + "or of the section data. The network computes the same, and can be trained on.",
    };

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "import",
            "Turns an ONNX network or a PyTorch state dict into a model file, to teach with, to prune or to train on. A model file may "
                + "be given too, to change what the options say.",
            "import teacher.onnx --out teacher.safetensors --classes classes.txt",
            "import teacher.onnx --out teacher.safetensors --normalise 0.485,0.456,0.406/0.229,0.224,0.225",
            "import teacher.onnx --out teacher.safetensors --resize 224",
            "import resnet56.pt --arch resnet56 --out teacher.safetensors",
            "import folded.onnx --restore-batch-norm --data photos --out teacher.safetensors")
        {
            ModelSource.File,
        };
        RecipeInput.AddTo(verb);
        Option[] options =
        [
            Out, ModelSource.Arch, ModelSource.Key, ModelSource.Float, BenchOptions.Input, BenchOptions.Width, Classes, Normalise, Resize,
            Outputs, RestoreBatchNorm, CalibrationInput.Folder, SharedOptions.Threads, SharedOptions.Json,
        ];
        foreach (var option in options) verb.Add(option);
        RecipeInput.AddDataTo(verb);
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var output = call.Arguments.GetRequiredValue(Out)!;
        OutputPath.Check(call.Arguments, Out);
        var restores = call.Arguments.GetValue(RestoreBatchNorm);
        if (restores) CalibrationInput.Check(call);
        else if (CalibrationInput.IsGiven(call.Arguments))
            throw new InputException("import has images, which it reads for --restore-batch-norm alone; that option was expected too");
        var recipe = RecipeInput.LoadFor(call, RecipeInput.DataKeys);
        var notes = new List<string>();
        var model = ModelSource.Read(call.Arguments, notes);
        if (call.Arguments.GetValue(Outputs) is { } word) model = WithOutputs(model, word);
        if (call.Arguments.GetValue(Classes) is { } file) model = model with { ClassNames = ReadNames(file, model.Classes) };
        if (call.Arguments.GetValue(Normalise) is { } text)
        {
            var resize = model.Normalisation?.Resize ?? 0;
            model = model with { Normalisation = ParseNormalisation(text, model.Graph.Input.Channels) with { Resize = resize } };
            if (ScaleRemark(model.Normalisation) is { } remark) call.Report.Log(remark);
        }

        if (call.Arguments.GetValue(Resize) is { } side)
        {
            var normalisation = model.Normalisation ?? InputNormalisation.None(model.Graph.Input.Channels);
            model = model with { Normalisation = normalisation with { Resize = side } };
        }

        if (restores) model = Restore(call, model.OfFloats($"{call.Arguments.GetValue(ModelSource.File)}"), recipe);
        ModelFile.Save(output, model);
        foreach (var note in notes) call.Report.Log($"{call.Arguments.GetValue(ModelSource.File)}: {note}");
        if (model.Int8 is null && BatchNormRestorer.LacksBatchNorm(model.Graph)) notes.Add(NoBatchNorm);
        call.Report.Write(Describe(model, output, notes));
    }

    private static Model Restore(Invocation call, Model model, Recipe recipe)
    {
        var data = call.Arguments.GetValue(CalibrationInput.Folder) is null ? ModelInput.LoadData(recipe, model, call) : null;
        var images = CalibrationInput.Draw(call, model, data, BatchNormRestorer.ImagesFor(model.Graph), recipe.Seed);
        using var pool = new WorkerPool(SharedOptions.ThreadsOf(call.Arguments));
        var restored = BatchNormRestorer.Restore(model, images, new(pool, call.Tier), call.Cancellation);
        var layers = restored.Graph.Nodes.Count - model.Graph.Nodes.Count;
        call.Report.Log(
            $"import: {Words.Count(layers, "batch normalisation")} restored, with mean and deviation of "
                + $"{Words.Count(images.Count, "image")}");
        return restored;
    }

    private static Model WithOutputs(Model model, string word)
    {
        if (Words.Find(typeof(OutputKind), word) is OutputKind outputs && model.Graph.AllowsOutputs(outputs))
        {
            var renamed = model with { ClassNames = [], Outputs = outputs };
            return renamed.Classes == model.Classes ? model with { Outputs = outputs } : renamed;
        }

        var allowed = Enum.GetValues<OutputKind>().Where(model.Graph.AllowsOutputs).Select(kind => Words.Of(kind)).ToList();
        throw new InputException($"option --outputs is '{word}'; {Words.Choice(allowed)} was expected, by the end of the network");
    }

    private static Result Describe(Model model, string file, List<string> notes)
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
            Notes = notes,
            Layers = layers,
        };
        var size = $"{Format.Count(cost.Weights)} weights, {Format.Count(cost.Macs)} MACs an image";
        List<string> lines =
        [
            $"{file}: {document.Network}, input {document.Input}, {Words.Count(model.OutputCount, "output")}, {size}",
            $"outputs: {model.DescribeOutputs()}",
        ];
        if (notes.Contains(NoBatchNorm)) lines.Add(NoBatchNorm);
        return new(document, LayerTable.Of(layers), new Lines([.. lines]));
    }

    private static string[] ReadNames(string path, int classes)
    {
        var text = InputFile.ReadText(path, MaxClassesBytes);
        var names = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Length != classes)
            throw new InputException($"{path} has {names.Length} names of classes; the network has "
                + $"{Words.Count(classes, "class", "classes")}");
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
