using Dst.Cli.Usage;
using Dst.Report;
using Dst.Training.Data;

namespace Dst.Cli.Actions;

/// <summary>What halving or quantising costs in accuracy.</summary>
/// <param name="Split">The images: <c>test</c>, <c>validation</c> or <c>training</c>.</param>
/// <param name="Images">How many.</param>
/// <param name="Before">Top-1 of the model that was given, 0 to 1.</param>
/// <param name="After">Top-1 of what it became.</param>
internal sealed record AccuracyChange(string Split, long Images, double Before, double After)
{
    /// <summary>Measures both models on a split of labelled data.</summary>
    public static AccuracyChange Measure(Invocation call, DataSet data, SampleSet samples, Model before, Model after)
    {
        return new(samples.Name, samples.Count, Top1(before), Top1(after));

        double Top1(Model model) => ModelEvaluation.Measure(model, data, samples, call).Top1;
    }

    /// <summary>A line with both accuracies.</summary>
    /// <param name="before">What the given model is, such as <c>dense</c>.</param>
    /// <param name="after">What the other is.</param>
    public string Describe(string before, string after) =>
        $"top-1 on {Format.Count(Images)} {Split} images: {Format.Percent(Before)} {before}, {Format.Percent(After)} {after}";
}
