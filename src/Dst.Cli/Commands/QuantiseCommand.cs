using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Graph;
using Dst.ModelFiles;
using Dst.Report;
using Dst.Report.Models;
using Dst.Runtime.Quantisation;
using Dst.Training.Masks;

namespace Dst.Cli.Commands;

/// <summary><c>dst quantise</c>: makes a network of 8-bit integers, on images without labels, without training.</summary>
internal static class QuantiseCommand
{
    private const int UsualImages = 256;

    private static readonly string UsualMethod = EnumWords.Of(new QuantiserOptions().Method);

    private static readonly Option<string?> Out = SharedOptions.Text("--out", "FILE", "Model file to write. Required.");

    private static readonly Option<int?> Images = SharedOptions.Number(
        "--images", $"Calibration images, drawn by the seed; fewer if there are fewer. Default: {UsualImages}.", 1, 100_000);

    private static readonly Option<string> Method = SharedOptions.Choice(
        "--method",
        $"How the range of a value is found: its ends, its ends without 0.01 % on each side, or the least squared error. "
            + $"Default: {UsualMethod}.",
        EnumWords.All<RangeMethod>(), UsualMethod);

    private static readonly Option<string[]> KeepFloat = new("--keep-float")
    {
        Description = "Layers with weights that stay in floats, by name; * stands for any characters. May be given again.",
        HelpName = "layer",
        DefaultValueFactory = _ => [],
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "quantise",
            "Makes a network of 8-bit integers of a model, dense or halved, on a few hundred images. It needs no labels and no training. "
                + "The file has a byte for each kept weight. predict, eval, bench, inspect and export take it as they take the model.",
            "quantise halved.safetensors --data photos --out int8.safetensors",
            "quantise resnet20.safetensors --data.kind cifar100 --data.path cifar-100-binary.tar.gz --out int8.safetensors",
            "quantise dst.safetensors recipes/quickstart.yaml --keep-float conv1 --out int8.safetensors")
        {
            SharedOptions.Model,
        };
        RecipeOptions.AddTo(verb);
        verb.AddOptions(
            CalibrationInput.Folder, Images, Method, KeepFloat, Out, ModelEvaluation.Split, SharedOptions.Threads, SharedOptions.Json);
        RecipeOptions.AddDataTo(verb);
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var arguments = call.Arguments;
        var path = arguments.GetRequiredValue(SharedOptions.Model);
        var output = arguments.GetValue(Out) ?? throw new InputException("quantise has no --out FILE; one was expected");
        OutputPath.Check(arguments, Out);
        CalibrationInput.Check(call);
        var recipe = RecipeInput.LoadFor(call, RecipeInput.DataKeys);
        var model = ModelFile.Load(path).OfFloats(path);
        var options = OptionsOf(call, model);
        var floats = new CalibratedModel(call, recipe, path, model);
        var images = floats.Draw(arguments.GetValue(Images) ?? UsualImages, recipe.Seed);
        var smaller = UnreadChannels.Remove(floats.Model);
        foreach (var line in UnreadChannels.Describe(floats.Model, smaller)) call.Report.Log($"{line}, and are left out");
        var quantised = Quantiser.Quantise(smaller, images.Values, images.Count, options, call.Cancellation);
        Write(call, quantised, output, floats.MeasureChangeTo(quantised.Model));
    }

    private static QuantiserOptions OptionsOf(Invocation call, Model model)
    {
        var layers = Quantiser.LayersOf(model);
        var names = call.Arguments.GetValue(KeepFloat)!;
        LayerName.Check(KeepFloat.Name, names, layers, " with weights");
        return new()
        {
            Method = EnumWords.Find<RangeMethod>(call.Arguments.GetRequiredValue(Method))!.Value,
            KeptFloat = layers.Where(layer => names.Any(name => LayerName.Fits(name, layer))).ToHashSet(),
            Tier = call.Tier,
        };
    }

    private static void Write(Invocation call, QuantisedModel quantised, string path, AccuracyChange? accuracy)
    {
        ModelFile.Save(path, quantised.Model);
        var size = StoreSize.Of(quantised.Model, path);
        var document = new
        {
            File = path,
            size.FileBytes,
            size.DenseFileBytes,
            size.MaskBytes,
            quantised.Images,
            Method = call.Arguments.GetRequiredValue(Method),
            Accuracy = accuracy is null ? null : new { accuracy.Split, accuracy.Images, Float = accuracy.Before, Int8 = accuracy.After },
            quantised.Layers,
        };
        List<string> lines = [$"{path}: {size}"];
        if (accuracy is not null) lines.Add(accuracy.Describe("in floats", "in 8-bit integers"));
        call.Report.Write(new(document, QuantisedTable.Of(quantised.Layers), new Lines([.. lines])));
    }
}
