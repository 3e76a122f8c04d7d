using System.CommandLine;
using System.Globalization;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Report;
using Dst.Report.Renderers;
using Dst.Runtime.Inference;
using Dst.Training.Data;
using Dst.Training.Engine;

namespace Dst.Cli.Actions;

/// <summary><c>dst eval --embedding</c>: how well embeddings tell images of one class from images of different classes.</summary>
internal static class EmbeddingEvaluation
{
    private const int Batch = 64;
    private const int CurvePoints = 201;

    /// <summary>The layer whose values are the embedding.</summary>
    public static readonly Option<string?> Layer = SharedOptions.Text(
        "--embedding", "LAYER",
        "Compares all pairs of images by the cosine between the values of this layer. The classes may be others than the model's. "
            + "'dst inspect MODEL --nodes' lists the layers.");

    /// <summary>What is accepted as one class.</summary>
    public static readonly Option<double?> Threshold = SharedOptions.Number(
        "--threshold",
        "With --embedding: pairs at least as similar count as one class. Default: where both errors are equal on validation.",
        -1.0, 1.0);

    /// <summary>File for the receiver operating characteristic.</summary>
    public static readonly Option<string?> Roc = SharedOptions.Text(
        "--roc", "FILE", "With --embedding: writes a CSV of both errors at 201 thresholds.");

    /// <summary>Whether embeddings rather than classes are to be measured.</summary>
    /// <exception cref="InputException">An option lacks the one that it belongs to.</exception>
    public static bool IsAskedFor(ParseResult arguments)
    {
        if (arguments.GetValue(Layer) is not null) return true;
        if (arguments.FirstGiven(Threshold, Roc) is { } option)
            throw new InputException($"eval has {option.Name} without --embedding; both were expected");
        return false;
    }

    /// <summary>Measures a split, at a threshold that is given or found on the validation images.</summary>
    /// <exception cref="InputException">Model or data cannot be read, or a split has too few images.</exception>
    public static void Run(Invocation call, string path)
    {
        OutputPath.Check(call.Arguments, Roc);
        var model = Model.Load(path);
        var recipe = ModelEvaluation.LoadRecipe(call);
        var threshold = call.Arguments.GetValue(Threshold);
        // A threshold that is given needs no validation images, so a class may lack them.
        recipe = recipe with { Data = recipe.Data with { AllowsSmallClasses = threshold is not null } };
        var data = ModelInput.LoadData(recipe, model, call);
        var samples = ModelEvaluation.SplitOf(data, call);
        if (threshold is null) CheckPairs(data, data.Validation, ", or --threshold, which needs no validation images");
        CheckPairs(data, samples, "");
        using var embedder = new Embedder(
            model, call.Arguments.GetValue(Layer)!, new() { Tier = call.Tier, Batch = Batch, Tune = false },
            SharedOptions.ThreadsOf(call.Arguments));
        var origin = threshold is null ? "found on the validation images" : "given";
        threshold ??= Measure(embedder, data, data.Validation, call).Equal.Threshold;
        var metrics = Measure(embedder, data, samples, call);
        if (call.Arguments.GetValue(Roc) is { } file) WriteCurve(file, metrics);
        var verification = Verification.Of(samples, metrics, threshold.Value);
        call.Report.Write(new(verification, verification.ToLines(origin)));
    }

    private static void CheckPairs(DataSet data, SampleSet samples, string otherwise)
    {
        var classes = samples.Samples.Select(sample => sample.Label).Distinct().Count();
        if (classes > 1 && classes < samples.Count) return;
        var shares = samples.Name == data.Training.Name ? "a smaller data.validation" : "--data.test 0.5 --data.validation 0.9";
        var (pair, expected) = classes == 1 ? ("different classes", "several classes") : ("one class", "each class, two or more,");
        throw new InputException(
            $"the {samples.Name} split has {Phrases.Count(samples.Count, "image")} of {Phrases.Count(classes, "class", "classes")}, which "
            + $"make no pair of {pair}; images of {expected} were expected, such as by {shares}{otherwise}");
    }

    private static VerificationMetrics Measure(Embedder embedder, DataSet data, SampleSet samples, Invocation call)
    {
        using var loader = new BatchLoader(data, samples, Batch, augment: false, seed: 0);
        var embeddings = new float[samples.Count * embedder.Length];
        var labels = new List<int>();
        foreach (var batch in loader.Epoch(0))
        {
            call.Cancellation.ThrowIfCancellationRequested();
            var rows = embeddings.AsSpan(labels.Count * embedder.Length, batch.Count * embedder.Length);
            embedder.Embed(batch.Images.AsSpan(0, batch.Count * (int)embedder.Input.Count), rows);
            labels.AddRange(batch.Labels.AsSpan(0, batch.Labelled));
        }

        WarnOfZeros(embeddings, embedder.Length, samples.Name, call);
        return VerificationMetrics.Of(embeddings, labels.ToArray());
    }

    private static void WarnOfZeros(float[] embeddings, int length, string split, Invocation call)
    {
        var zeros = embeddings.Chunk(length).Count(row => !row.AsSpan().ContainsAnyExcept(0f));
        if (zeros > 0)
            call.Report.Log(
                $"warning: {Phrases.Count(zeros, "image")} of the {split} split without an embedding: all values of the layer "
                + $"'{call.Arguments.GetValue(Layer)}' are 0; the similarity of their pairs counts as 0");
    }

    private static void WriteCurve(string path, VerificationMetrics metrics)
    {
        var table = Table.Of(
            metrics.Curve(CurvePoints),
            new Column<RocPoint>("threshold", "threshold", point => point.Threshold),
            new Column<RocPoint>("false_accept", "false accept", point => point.FalseAccept),
            new Column<RocPoint>("false_reject", "false reject", point => point.FalseReject));
        CsvRenderer.Save(path, table);
    }

    /// <summary>The JSON document of <c>eval --embedding</c>.</summary>
    private sealed record Verification(
        string Split, int Images, long SamePairs, long DifferentPairs, double Threshold, double FalseAccept, double FalseReject,
        double EqualErrorRate, double Area)
    {
        public static Verification Of(SampleSet samples, VerificationMetrics metrics, double threshold)
        {
            var point = metrics.At(threshold);
            return new(
                samples.Name, samples.Count, metrics.SamePairs, metrics.DifferentPairs, threshold, point.FalseAccept, point.FalseReject,
                metrics.EqualErrorRate, metrics.Area);
        }

        public Lines ToLines(string origin) => new(
            $"{Images} {Split} images: {SamePairs} pairs of one class, {DifferentPairs} of different classes",
            string.Create(CultureInfo.InvariantCulture, $"equal error rate {Format.Percent(EqualErrorRate)}, area under the ROC {Area:F4}"),
            string.Create(
                CultureInfo.InvariantCulture,
                $"at the threshold {Threshold:F3}, {origin}: false accept {Format.Percent(FalseAccept)}, "
                + $"false reject {Format.Percent(FalseReject)}"));
    }
}
