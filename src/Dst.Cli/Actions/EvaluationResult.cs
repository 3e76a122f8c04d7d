using Dst.Foundations;
using Dst.Report;
using Dst.Training.Engine;

namespace Dst.Cli.Actions;

/// <summary>What <c>dst eval</c> shows of a model that it has measured.</summary>
internal static class EvaluationResult
{
    private const int WidestMatrix = 20; // classes

    /// <summary>A line with the measures, then the confusion matrix, or the recall of each class if the matrix is too wide.</summary>
    public static Result Of(Model model, ClassificationMetrics metrics, IReadOnlyList<string> classNames)
    {
        // The cross-entropy is that of classes of which one is right.
        var hasLoss = model.Outputs is OutputKind.Logits or OutputKind.Probabilities || model.OutputCount == 1;
        var loss = hasLoss ? $"loss {metrics.Loss:F4}" : $"no loss, as the outputs are {model.DescribeOutputs()}";
        var summary = $"{Phrases.Count(metrics.Count, "image")}: top-1 {Format.Percent(metrics.Top1)}, {Top5(metrics, classNames.Count)}"
            + $"balanced accuracy {Balanced(metrics.Confusion)}, {loss}";
        var table = classNames.Count > WidestMatrix
            ? RecallTable(metrics.Confusion, classNames)
            : ConfusionTable(metrics.Confusion, classNames);
        return new(Evaluation.Of(metrics, hasLoss ? metrics.Loss : null), new Lines(summary), table);
    }

    private static string Top5(ClassificationMetrics metrics, int classes) =>
        classes > 5 ? $"top-5 {Format.Percent(metrics.Top5)}, " : "";

    private static string Balanced(ConfusionMatrix confusion)
    {
        var (classes, measured) = (confusion.Rows.Count, confusion.Rows.Count(row => row.Sum() > 0));
        var share = measured < classes ? $" over {measured} of {classes} classes, as the others have no images" : "";
        return Format.Percent(confusion.BalancedAccuracy) + share;
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
