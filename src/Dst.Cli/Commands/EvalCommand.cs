using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Report;
using Dst.Runtime.Inference;
using Dst.Training.Data;
using Dst.Training.Engine;

namespace Dst.Cli.Commands;

/// <summary><c>dst eval</c>: how well a model does on labelled data.</summary>
internal static class EvalCommand
{
    private const int Batch = 64;

    private static readonly Option<string> Split = new Option<string>("--split")
    {
        Description = "Images to use. Default: test.",
        HelpName = "test|validation|training",
        DefaultValueFactory = _ => "test",
    }
        .AcceptOnlyFromAmong("test", "validation", "training");

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "eval",
            "Measures a model on labelled data: top-1, top-5, balanced accuracy, loss and the confusion matrix. "
                + "Name the recipe and the seed of its training, so that the splits are the same.",
            "eval dst.safetensors recipes/quickstart.yaml",
            "eval dst.safetensors --data.kind folder --data.path photos --split validation --json")
        {
            SharedOptions.Model,
        };
        RecipeInput.AddTo(verb);
        verb.Add(Split);
        verb.Add(SharedOptions.Threads);
        verb.Add(SharedOptions.Json);
        RecipeInput.AddDataTo(verb);
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var path = call.Arguments.GetRequiredValue(SharedOptions.Model);
        var model = Model.Load(path);
        var data = ModelInput.LoadData(RecipeInput.Load(call.Arguments), path, model, call);
        var samples = call.Arguments.GetValue(Split) switch
        {
            "training" => data.Training,
            "validation" => data.Validation,
            _ => data.Test,
        };
        if (samples.Count == 0) throw new InputException($"the data has no {samples.Name} images; at least one was expected");

        // Without tuning, the same file gives the same numbers each time.
        using var predictor = new Predictor(
            model, new() { Tier = call.Tier, Batch = Batch, Tune = false }, SharedOptions.ThreadsOf(call.Arguments));
        using var loader = new BatchLoader(data, samples, Batch, augment: false, seed: 0);
        var metrics = Evaluator.Evaluate(predictor, loader, call.Cancellation);
        var summary = $"{metrics.Count} images: top-1 {Format.Percent(metrics.Top1)}, top-5 {Format.Percent(metrics.Top5)}, "
            + $"balanced accuracy {Format.Percent(metrics.Confusion.BalancedAccuracy)}, loss {metrics.Loss:F4}";
        call.Report.Write(new(Evaluation.Of(metrics), new Lines(summary), ConfusionTable(metrics.Confusion, data.ClassNames)));
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
        double Top1, double Top5, double BalancedAccuracy, double Loss, long Count, IReadOnlyList<IReadOnlyList<long>> Confusion)
    {
        public static Evaluation Of(ClassificationMetrics metrics) =>
            new(metrics.Top1, metrics.Top5, metrics.Confusion.BalancedAccuracy, metrics.Loss, metrics.Count, metrics.Confusion.Rows);
    }
}
