using Dst.Training.Engine;

namespace Dst.Tests.Engine;

public class MetricsTests
{
    // Six classes; ranks of the labels are 0, 1, 4 and 5.
    private static readonly float[] Logits =
    [
        9, 1, 2, 3, 4, 5,
        9, 1, 2, 3, 4, 5,
        9, 1, 2, 3, 4, 5,
        9, 1, 2, 3, 4, 5,
    ];

    [Fact]
    public void A_prediction_has_the_softmax_of_its_class_as_its_confidence()
    {
        var metrics = new ClassificationMetrics(3);
        metrics.Add([0, MathF.Log(3), 0, 1000, 0, 999], [0, 2]);
        Assert.Equal([(0, 1), (2, 0)], metrics.Predictions.Select(prediction => (prediction.Label, prediction.Predicted)));
        Assert.Equal(0.6f, metrics.Predictions[0].Confidence, 1e-6f);
        Assert.Equal(1 / (1 + Math.Exp(-1)), metrics.Predictions[1].Confidence, 1e-6);
    }

    [Fact]
    public void Top1_top5_confusions_and_loss_over_batches()
    {
        var metrics = new ClassificationMetrics(6);
        metrics.Add(Logits.AsSpan(0, 6), [0]);
        metrics.Add(Logits.AsSpan(6), [5, 2, 1]);
        Assert.Equal((4, 0.25, 0.75), (metrics.Count, metrics.Top1, metrics.Top5));
        var logSum = Math.Log(new[] { 9.0, 1, 2, 3, 4, 5 }.Sum(Math.Exp));
        Assert.Equal(logSum - (9 + 5 + 2 + 1) / 4.0, metrics.Loss, 1e-12);
        Assert.Equal([1, 0, 0, 0, 0, 0], metrics.Confusion.Rows[0]);
        Assert.Equal([1, 0, 0, 0, 0, 0], metrics.Confusion.Rows[5]);
        Assert.Equal(0, metrics.Confusion.Rows[3].Sum());
    }

    [Fact]
    public void Of_equal_logits_the_lower_class_comes_first()
    {
        var metrics = new ClassificationMetrics(6);
        metrics.Add([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [0, 4, 5]);
        Assert.Equal((1 / 3.0, 2 / 3.0), (metrics.Top1, metrics.Top5));
    }

    [Fact]
    public void Logits_that_are_not_numbers_earn_nothing()
    {
        var metrics = new ClassificationMetrics(6);
        var nothing = Enumerable.Repeat(float.NaN, 30).ToArray();
        metrics.Add(nothing, [1, 2, 3, 4, 5]);
        Assert.Equal((0, 0), (metrics.Top1, metrics.Top5));
        Assert.True(double.IsNaN(metrics.Loss));
    }

    [Fact]
    public void Few_classes_are_all_among_the_top_five()
    {
        var metrics = new ClassificationMetrics(2);
        metrics.Add([1, 0], [1]);
        Assert.Equal((0, 1), (metrics.Top1, metrics.Top5));
    }

    [Fact]
    public void No_samples_are_no_accuracy()
    {
        var metrics = new ClassificationMetrics(3);
        Assert.Equal((0, 0, 0, 0), (metrics.Count, metrics.Top1, metrics.Top5, metrics.Loss));
    }

    [Fact]
    public void Balanced_accuracy_gives_each_class_that_has_samples_one_vote()
    {
        var matrix = new ConfusionMatrix(3);
        Assert.Equal(0, matrix.BalancedAccuracy);
        for (var i = 0; i < 8; i++) matrix.Add(0, 0);
        matrix.Add(1, 0);
        matrix.Add(1, 1);
        Assert.Equal((0.9, 0.75), (matrix.Accuracy, matrix.BalancedAccuracy));
    }

    [Fact]
    public void A_confusion_matrix_counts_and_recalls()
    {
        var matrix = new ConfusionMatrix(2);
        matrix.Add(0, 0);
        matrix.Add(0, 1);
        matrix.Add(0, 1);
        Assert.Equal([1, 2], matrix.Rows[0]);
        Assert.Equal(3, matrix.Count);
        Assert.Equal(1 / 3.0, matrix.Accuracy, 1e-12);
        Assert.Equal(1 / 3.0, matrix.Recall(0), 1e-12);
        Assert.True(double.IsNaN(matrix.Recall(1)));
        Assert.Throws<IndexOutOfRangeException>(() => matrix.Add(2, 0));
    }
}
