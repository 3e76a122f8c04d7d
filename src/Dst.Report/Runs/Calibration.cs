using Dst.Training.Engine;

namespace Dst.Report.Runs;

/// <summary>Images whose confidence is in one range.</summary>
/// <param name="From">Lowest confidence of the range, 0 to 1.</param>
/// <param name="To">Highest confidence of the range, 0 to 1.</param>
/// <param name="Images">Number of images.</param>
/// <param name="Confidence">Their mean confidence.</param>
/// <param name="Accuracy">Share of them that is recognised.</param>
/// <seealso cref="Calibration"/>
public sealed record ConfidenceBin(double From, double To, int Images, double Confidence, double Accuracy);

/// <summary>How far the confidence of a network can be trusted: Guo et al., "On Calibration of Modern Neural Networks", 2017.</summary>
/// <param name="Bins">Ranges of equal width that have images.</param>
/// <param name="Images">Number of images.</param>
/// <example>
/// <code>
/// var record = TestRecord.Load("runs/latest/dst-test.safetensors");
/// Console.WriteLine($"calibration error {Calibration.Of([.. record.Predictions]).Error:P1}");
/// </code>
/// </example>
public sealed record Calibration(IReadOnlyList<ConfidenceBin> Bins, int Images)
{
    private const int Ranges = 10;

    /// <summary>Expected calibration error: mean over the images of |accuracy − confidence| of their range.</summary>
    public double Error => Bins.Sum(bin => bin.Images * Math.Abs(bin.Accuracy - bin.Confidence)) / Images;

    /// <summary>Mean confidence of all images.</summary>
    public double Confidence => Bins.Sum(bin => bin.Images * bin.Confidence) / Images;

    /// <summary>Share of all images that is recognised.</summary>
    public double Accuracy => Bins.Sum(bin => bin.Images * bin.Accuracy) / Images;

    /// <summary>The calibration over at least one prediction.</summary>
    public static Calibration Of(IReadOnlyCollection<LabelledPrediction> predictions)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        var bins = predictions.GroupBy(prediction => Math.Min((int)(prediction.Confidence * Ranges), Ranges - 1))
            .OrderBy(bin => bin.Key)
            .Select(bin => new ConfidenceBin(
                (double)bin.Key / Ranges, (bin.Key + 1.0) / Ranges, bin.Count(), bin.Average(image => (double)image.Confidence),
                bin.Average(image => image.Label == image.Predicted ? 1.0 : 0)));
        return new([.. bins], predictions.Count);
    }
}
