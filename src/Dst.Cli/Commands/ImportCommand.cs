using System.CommandLine;
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
    private const string NoBatchNorm =
        "no batch normalisation: if the exporter folded it into the convolutions, the network can hardly be trained on; use "
        + "--restore-batch-norm, or export it with training=TrainingMode.PRESERVE, do_constant_folding=False";

    private static readonly Option<string?> Out = new("--out") { Description = "Model file to write.", HelpName = "FILE", Required = true };

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
            "import dynamic.onnx --input 3,224,224 --out teacher.safetensors",
            "import resnet56.pt --arch resnet56 --out teacher.safetensors",
            "import folded.onnx --restore-batch-norm --data photos --out teacher.safetensors")
        {
            ModelSource.File,
        };
        RecipeOptions.AddTo(verb);
        verb.AddOptions(Out, ModelSource.Arch, ModelSource.Key, ModelSource.Output, ModelSource.Float);
        verb.AddOptions(ModelSource.Input, BenchOptions.Width);
        verb.AddOptions(ImportedFacts.Options);
        verb.AddOptions(RestoreBatchNorm, CalibrationInput.Folder, SharedOptions.Threads, SharedOptions.Json);
        RecipeOptions.AddDataTo(verb);
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
        var model = ImportedFacts.ApplyTo(ModelSource.Read(call.Arguments, notes), call);
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
            $"import: {Phrases.Count(layers, "batch normalisation")} restored, with mean and deviation of "
                + $"{Phrases.Count(images.Count, "image")}");
        return restored;
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
            $"{file}: {document.Network}, input {document.Input}, {Phrases.Count(model.OutputCount, "output")}, {size}",
            $"outputs: {model.DescribeOutputs()}",
        ];
        if (notes.Contains(NoBatchNorm)) lines.Add(NoBatchNorm);
        return new(document, LayerTable.Of(layers), new Lines([.. lines]));
    }
}
