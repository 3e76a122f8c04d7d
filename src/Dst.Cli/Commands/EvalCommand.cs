using System.CommandLine;
using Dst.Cli.Report;
using Dst.Runtime;
using Dst.Runtime.ModelFile;
using Dst.Runtime.Threading;
using Dst.Training;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Metrics;

namespace Dst.Cli.Commands;

/// <summary><c>dst eval</c>: how well a model does on labelled data.</summary>
internal static class EvalCommand
{
    private const int Batch = 64;

    private static readonly Option<string> Split = new Option<string>("--split") { Description = "Images to use.", DefaultValueFactory = _ => "test" }
        .AcceptOnlyFromAmong("test", "validation", "training");

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "eval",
            "Measures a model on labelled data: top-1, top-5, loss and the confusion matrix. Give the recipe and seed that it was trained with, so that splits are the same.",
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
        var model = ModelFile.Load(path);
        var data = ModelInput.LoadData(RecipeInput.Load(call.Arguments), path, model, call.Report.Log);
        var samples = call.Arguments.GetValue(Split) switch { "training" => data.Training, "validation" => data.Validation, _ => data.Test };
        if (samples.Count == 0) throw new InputException($"the data has no {samples.Name} images; at least one was expected");

        using var pool = new WorkerPool(SharedOptions.ThreadsOf(call.Arguments));
        using var network = new TrainingNetwork(model, Batch, pool, seed: 0);
        network.Freeze();
        using var loader = new BatchLoader(data, samples, Batch, augment: false, seed: 0);
        var result = Evaluation.Of(TrainerEvaluation.Evaluate(network, loader, call.Cancellation));
        call.Report.Result(result, () => Print(call.Report, result, data.ClassNames));
    }

    private static void Print(ReportWriter report, Evaluation result, IReadOnlyList<string> classNames)
    {
        report.Line($"{result.Count} images: top-1 {Format.Percent(result.Top1)}, top-5 {Format.Percent(result.Top5)}, loss {result.Loss:F4}");
        report.Line();
        var confusion = new TextTable(["label \\ predicted", .. classNames, "right"]);
        foreach (var (label, row) in result.Confusion.Index())
        {
            var count = row.Sum();
            confusion.Add([classNames[label], .. row.Select(n => $"{n}"), count == 0 ? "-" : Format.Percent((double)row[label] / count)]);
        }

        report.Table(confusion);
    }

    /// <summary>The JSON document of <c>eval</c>.</summary>
    private sealed record Evaluation(double Top1, double Top5, double Loss, long Count, IReadOnlyList<IReadOnlyList<long>> Confusion)
    {
        public static Evaluation Of(ClassificationMetrics metrics) =>
            new(metrics.Top1, metrics.Top5, metrics.Loss, metrics.Count, metrics.Confusion.Rows);
    }
}
