using Dst.Report.Runs;
using Dst.Training.Engine;

namespace Dst.Tests.Report;

public class CalibrationTests
{
    [Fact]
    public void Error_is_the_mean_distance_of_accuracy_and_confidence_over_ten_ranges()
    {
        LabelledPrediction[] predictions = [new(0, 0, 0.95f), new(1, 0, 0.97f), new(1, 1, 1), new(0, 1, 0.35f), new(0, 0, 0.3f)];
        var calibration = Calibration.Of(predictions);
        Assert.Equal([(0.3, 2), (0.9, 3)], calibration.Bins.Select(bin => (bin.From, bin.Images)));
        Assert.Equal([0.5, 2 / 3.0], calibration.Bins.Select(bin => bin.Accuracy));
        Assert.Equal(0.325, calibration.Bins[0].Confidence, 6);
        // (2 · |0.5 - 0.325| + 3 · |2/3 - 2.92/3|) / 5
        Assert.Equal((0.35 + 0.92) / 5, calibration.Error, 6);
        Assert.Equal(0.6, calibration.Accuracy, 12);
        Assert.Equal(3.57 / 5, calibration.Confidence, 6);
    }
}
