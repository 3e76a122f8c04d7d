using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Graph;
using Dst.Training.Experiments.Starts;

namespace Dst.Cli.Commands;

/// <summary><c>dst eval</c>: how well a model does on labelled data.</summary>
internal static class EvalCommand
{
    private static readonly Option<string?> Inference = SharedOptions.Choice(
        "--pool-inference",
        "What max-pooling dropout computes, in place of what the model says. So one training serves to compare both.",
        EnumWords.All<PoolInference>());

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "eval",
            "Measures a model on labelled data: top-1, top-5, balanced accuracy, loss and the confusion matrix. "
                + "Name the recipe and the seed of its training, so that the splits are the same.",
            "eval runs/latest/dst.safetensors runs/latest",
            "eval runs/latest/dst.safetensors recipes/quickstart.yaml --split validation --json",
            "eval faces.safetensors --embedding h.relu --data.path others --data.test 0.5 --data.validation 0.9 --roc roc.csv")
        {
            SharedOptions.Model,
        };
        RecipeOptions.AddTo(verb);
        verb.AddOptions(
            ModelEvaluation.Split, Inference, EmbeddingEvaluation.Layer, EmbeddingEvaluation.Threshold, EmbeddingEvaluation.Roc,
            SharedOptions.Threads, SharedOptions.Json);
        RecipeOptions.AddDataTo(verb);
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var path = call.Arguments.GetRequiredValue(SharedOptions.Model);
        if (EmbeddingEvaluation.IsAskedFor(call.Arguments))
        {
            call.Arguments.CheckNotBoth("eval", EmbeddingEvaluation.Layer, Inference);
            EmbeddingEvaluation.Run(call, path);
            return;
        }

        var recipe = ModelEvaluation.LoadRecipe(call);
        var loaded = WithInference(path, Model.Load(path), call.Arguments.GetValue(Inference));
        recipe = recipe with
        {
            Data = recipe.Data with
            {
                // Where all images are measured, it does not matter which split has them, so a class may have one image.
                AllowsSmallClasses = call.Arguments.GetValue(ModelEvaluation.Split) == "all",
                LoneClasses = loaded.ClassNames,
            },
        };
        var data = ModelFit.MeasuredData(loaded, ModelInput.LoadData(recipe, loaded, call), call.Report.Log);
        var model = ModelFit.Fit(path, loaded, data, call.Report.Log);
        var metrics = ModelEvaluation.Measure(model, data, ModelEvaluation.SplitOf(data, call), call);
        call.Report.Write(EvaluationResult.Of(model, metrics, data.ClassNames));
    }

    private static Model WithInference(string path, Model model, string? word)
    {
        if (word is null) return model;
        var inference = EnumWords.Find<PoolInference>(word)!.Value;
        if (!model.Graph.Nodes.Any(node => node.Operation is MaxPoolDropoutOp))
            throw new InputException($"option --pool-inference is {word}, but {path} has no max-pooling dropout, which was expected");
        Node[] nodes =
        [
            .. model.Graph.Nodes.Select(node =>
                node.Operation is MaxPoolDropoutOp pool ? node with { Operation = pool with { Inference = inference } } : node),
        ];
        return model with { Graph = new(model.Graph.Definition with { Nodes = nodes }) };
    }
}
