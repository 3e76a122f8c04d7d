using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Report;
using Dst.Training.Engine;

namespace Dst.Cli.Commands;

/// <summary><c>dst eval</c>: how well a model does on labelled data.</summary>
internal static class EvalCommand
{
    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "eval",
            "Measures a model on labelled data: top-1, top-5, balanced accuracy, loss and the confusion matrix. "
                + "Name the recipe and the seed of its training, so that the splits are the same.",
            "eval dst.safetensors recipes/quickstart.yaml",
            "eval dst.safetensors --data.kind folder --data.path photos --split validation --json",
            "eval faces.safetensors --embedding h.relu --data.path people --roc roc.csv")
        {
            SharedOptions.Model,
        };
        RecipeInput.AddTo(verb);
        verb.Add(ModelEvaluation.Split);
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
            EmbeddingEvaluation.Run(call, path);
            return;
        }

        var (model, data) = ModelInput.Load(RecipeInput.LoadFor(call, RecipeInput.DataKeys), path, Model.Load(path), call);
        var metrics = ModelEvaluation.Measure(model, data, ModelEvaluation.SplitOf(data, call), call);
        // The cross-entropy is that of classes of which one is right.
        var hasLoss = model.Outputs is OutputKind.Logits or OutputKind.Probabilities || model.OutputCount == 1;
        var loss = hasLoss ? $"loss {metrics.Loss:F4}" : $"no loss, as the outputs are {model.DescribeOutputs()}";
        var summary = $"{metrics.Count} images: top-1 {Format.Percent(metrics.Top1)}, top-5 {Format.Percent(metrics.Top5)}, "
            + $"balanced accuracy {Format.Percent(metrics.Confusion.BalancedAccuracy)}, {loss}";
        call.Report.Write(new(
            Evaluation.Of(metrics, hasLoss ? metrics.Loss : null), new Lines(summary), ConfusionTable(metrics.Confusion, data.ClassNames)));
    }

    private static Table ConfusionTable(ConfusionMatrix confusion, IReadOnlyList<string> classNames) => Table.Of(
        classNames.Index(),
        [
            new("label", "label \\ predicted", row => row.Item) { Alignment = Alignment.Left },
            .. classNames.Select(
                (name, predicted) => new Column<(int Index, string Item)>(name, name, row => confusion.Rows[row.Index][predicted])),
            new("recall", "recall", row => Recall(confusion, row.Index), row => Format.Percent(confusion.Recall(row.Index))),
        ]);

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
