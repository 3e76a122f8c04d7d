using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Graph;
using Dst.Report;
using Dst.Training.Engine;

namespace Dst.Cli.Commands;

/// <summary><c>dst eval</c>: how well a model does on labelled data.</summary>
internal static class EvalCommand
{
    private static readonly Option<string?> Inference = SharedOptions.Text(
        "--pool-inference", "weighted|scaled_max",
        "What max-pooling dropout computes, in place of what the model says. So one training serves to compare both.")
        .AcceptOnlyFromAmong([.. Words.All(typeof(PoolInference))]);

    private const int WidestMatrix = 20; // classes

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
        RecipeInput.AddTo(verb);
        verb.Add(ModelEvaluation.Split);
        verb.Add(Inference);
        verb.Add(EmbeddingEvaluation.Layer);
        verb.Add(EmbeddingEvaluation.Threshold);
        verb.Add(EmbeddingEvaluation.Roc);
        verb.Add(SharedOptions.Threads);
        verb.Add(SharedOptions.Json);
        RecipeInput.AddDataTo(verb);
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var path = call.Arguments.GetRequiredValue(SharedOptions.Model);
        if (EmbeddingEvaluation.IsAskedFor(call.Arguments))
        {
            if (call.Arguments.GetValue(Inference) is not null)
                throw new InputException("eval has both --embedding and --pool-inference; one of them was expected");
            EmbeddingEvaluation.Run(call, path);
            return;
        }

        var recipe = ModelEvaluation.LoadRecipe(call);
        var loaded = WithInference(path, Model.Load(path), call.Arguments.GetValue(Inference));
        var (model, data) = ModelInput.Load(recipe, path, loaded, call);
        var metrics = ModelEvaluation.Measure(model, data, ModelEvaluation.SplitOf(data, call), call);
        // The cross-entropy is that of classes of which one is right.
        var hasLoss = model.Outputs is OutputKind.Logits or OutputKind.Probabilities || model.OutputCount == 1;
        var loss = hasLoss ? $"loss {metrics.Loss:F4}" : $"no loss, as the outputs are {model.DescribeOutputs()}";
        var summary = $"{metrics.Count} images: top-1 {Format.Percent(metrics.Top1)}, {Top5(metrics, data.ClassNames.Count)}"
            + $"balanced accuracy {Balanced(metrics.Confusion)}, {loss}";
        call.Report.Write(new(
            Evaluation.Of(metrics, hasLoss ? metrics.Loss : null), new Lines(summary),
            data.ClassNames.Count > WidestMatrix
                ? RecallTable(metrics.Confusion, data.ClassNames)
                : ConfusionTable(metrics.Confusion, data.ClassNames)));
    }

    private static string Top5(ClassificationMetrics metrics, int classes) =>
        classes > 5 ? $"top-5 {Format.Percent(metrics.Top5)}, " : "";

    private static string Balanced(ConfusionMatrix confusion)
    {
        var (classes, measured) = (confusion.Rows.Count, confusion.Rows.Count(row => row.Sum() > 0));
        var share = measured < classes ? $" over {measured} of {classes} classes, as the others have no images" : "";
        return Format.Percent(confusion.BalancedAccuracy) + share;
    }

    private static Model WithInference(string path, Model model, string? word)
    {
        if (word is null) return model;
        var inference = (PoolInference)Words.Find(typeof(PoolInference), word)!;
        if (!model.Graph.Nodes.Any(node => node.Operation is MaxPoolDropoutOp))
            throw new InputException($"option --pool-inference is {word}, but {path} has no max-pooling dropout, which was expected");
        Node[] nodes =
        [
            .. model.Graph.Nodes.Select(node =>
                node.Operation is MaxPoolDropoutOp pool ? node with { Operation = pool with { Inference = inference } } : node),
        ];
        return model with { Graph = new(model.Graph.Definition with { Nodes = nodes }) };
    }

    private static Table ConfusionTable(ConfusionMatrix confusion, IReadOnlyList<string> classNames) => Table.Of(
        classNames.Index(),
        [
            new("label", "label \\ predicted", row => row.Item) { Alignment = Alignment.Left },
            .. classNames.Select(
                (name, predicted) => new Column<(int Index, string Item)>(name, name, row => confusion.Rows[row.Index][predicted])),
            new("recall", "recall", row => Recall(confusion, row.Index), row => Format.Percent(confusion.Recall(row.Index))),
        ]);

    /// <summary>What is shown of a matrix that is too wide for a terminal: the JSON document has all of it.</summary>
    private static Table RecallTable(ConfusionMatrix confusion, IReadOnlyList<string> classNames)
    {
        return Table.Of(
            classNames.Index(),
            [
                new("label", "label", row => row.Item) { Alignment = Alignment.Left },
                new("images", "images", row => confusion.Rows[row.Index].Sum()),
                new("recall", "recall", row => Recall(confusion, row.Index), row => Format.Percent(confusion.Recall(row.Index))),
                new("mistaken_for", "most often mistaken for", row => MistakenFor(row.Index))
                {
                    Alignment = Alignment.Left,
                    Meaning = "and how many of the images; --json has all pairs",
                },
            ]);

        string MistakenFor(int label)
        {
            var (count, name) = confusion.Rows[label].Zip(classNames).Where((_, prediction) => prediction != label)
                .MaxBy(pair => pair.First);
            return count == 0 ? "-" : $"{name} ({count})";
        }
    }

    /// <summary>Share of a class's images that are recognised, null of a class without images.</summary>
    private static double? Recall(ConfusionMatrix confusion, int label) =>
        confusion.Recall(label) is var recall && double.IsNaN(recall) ? null : recall;

    /// <summary>The JSON document of <c>eval</c>.</summary>
    private sealed record Evaluation(
        double Top1, double Top5, double BalancedAccuracy, double? Loss, long Count, IReadOnlyList<IReadOnlyList<long>> Confusion)
    {
        public static Evaluation Of(ClassificationMetrics metrics, double? loss) =>
            new(metrics.Top1, metrics.Top5, metrics.Confusion.BalancedAccuracy, loss, metrics.Count, metrics.Confusion.Rows);
    }
}
