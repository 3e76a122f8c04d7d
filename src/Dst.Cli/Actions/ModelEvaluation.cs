using System.CommandLine;
using Dst.Cli.Usage;
using Dst.Runtime.Inference;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;

namespace Dst.Cli.Actions;

/// <summary>Measures a model on a split of labelled data.</summary>
internal static class ModelEvaluation
{
    private const int Batch = 64;

    /// <summary>The split.</summary>
    public static readonly Option<string> Split = SharedOptions.Choice(
        "--split", "Images on which the accuracy is measured; all takes the three together. Default: test.",
        ["test", "validation", "training", "all"], "test");

    /// <summary>The images of the split that the command line names.</summary>
    /// <exception cref="InputException">There are none.</exception>
    public static SampleSet SplitOf(DataSet data, Invocation call)
    {
        var samples = call.Arguments.GetValue(Split) switch
        {
            "training" => data.Training,
            "validation" => data.Validation,
            "all" => data.Labelled,
            _ => data.Test,
        };
        return samples.Count > 0 ? samples : throw new InputException($"the data has no {samples.Name} images; at least one was expected");
    }

    /// <summary>The recipe of the command line, or one of the data that it names.</summary>
    /// <exception cref="InputException">There are neither, or as <see cref="RecipeInput.LoadFor"/>.</exception>
    public static Recipe LoadRecipe(Invocation call)
    {
        var recipe = RecipeInput.LoadFor(call, RecipeInput.DataKeys);
        return RecipeInput.NamesData(call.Arguments)
            ? recipe
            : throw new InputException("eval has no data; the folder of a run, a recipe, or a folder of labelled images was expected");
    }

    /// <summary>Measures a model.</summary>
    public static ClassificationMetrics Measure(Model model, DataSet data, SampleSet samples, Invocation call)
    {
        var logits = model.Outputs == OutputKind.None ? model : model.ToLogits();
        // Without tuning, the same file gives the same numbers each time.
        using var predictor = new Predictor(
            logits, new() { Tier = call.Tier, Batch = Batch, Tune = false }, SharedOptions.ThreadsOf(call.Arguments));
        using var loader = new BatchLoader(data, samples, Batch, augment: false, seed: 0);
        return Evaluator.Evaluate(predictor, loader, call.Cancellation);
    }
}
