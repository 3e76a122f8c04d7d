using Dst.Training.Objectives;

namespace Dst.Training.Engine;

/// <summary>What a network says of one image with a label.</summary>
/// <param name="Label">Its class.</param>
/// <param name="Predicted">The class with the highest logit.</param>
/// <param name="Confidence">Probability of that class: its softmax, 0 to 1; NaN if a logit is NaN.</param>
public readonly record struct LabelledPrediction(int Label, int Predicted, float Confidence);

/// <summary>Top-1, top-5, mean cross-entropy and confusion matrix, gathered batch by batch.</summary>
public sealed class ClassificationMetrics
{
    private readonly int _classes;
    private readonly List<LabelledPrediction> _predictions = [];
    private long _top5Correct;
    private double _lossSum;

    /// <summary>Metrics of no sample.</summary>
    public ClassificationMetrics(int classes)
    {
        _classes = classes;
        Confusion = new(classes);
    }

    /// <summary>Counts by label and prediction.</summary>
    public ConfusionMatrix Confusion { get; }

    /// <summary>The prediction of each sample, in the order in which they were added.</summary>
    public IReadOnlyList<LabelledPrediction> Predictions => _predictions;

    /// <summary>Number of samples.</summary>
    public long Count => _predictions.Count;

    /// <summary>Share of samples whose label has the highest logit, 0 to 1; of equal logits the lowest class is the prediction.</summary>
    public double Top1 => Confusion.Accuracy;

    /// <summary>Share of samples whose label is among the five highest logits, 0 to 1.</summary>
    public double Top5 => Count == 0 ? 0 : (double)_top5Correct / Count;

    /// <summary>Mean cross-entropy, without label smoothing; NaN if a logit is NaN.</summary>
    public double Loss => Count == 0 ? 0 : _lossSum / Count;

    /// <summary>Adds a batch.</summary>
    /// <param name="logits">[N, classes] row-major.</param>
    /// <param name="labels">[N].</param>
    /// <exception cref="ArgumentException">Sizes do not fit together or a label is not a class.</exception>
    public void Add(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels)
    {
        _lossSum += labels.Length * CrossEntropy.Compute(logits, labels, _classes, labelSmoothing: 0, weight: 1, gradient: default);
        for (var n = 0; n < labels.Length; n++)
        {
            var row = logits.Slice(n * _classes, _classes);
            var predicted = Prediction(row);
            Confusion.Add(labels[n], predicted);
            _predictions.Add(new(labels[n], predicted, ConfidenceOf(row, predicted)));
            if (RankOf(row, labels[n]) < 5) _top5Correct++;
        }
    }

    /// <summary>The class with the highest logit; of equal ones the lowest.</summary>
    public static int Prediction(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var j = 1; j < logits.Length; j++)
        {
            if (logits[j] > logits[best]) best = j;
        }

        return best;
    }

    private static float ConfidenceOf(ReadOnlySpan<float> logits, int predicted)
    {
        var sum = 0.0;
        foreach (var logit in logits) sum += Math.Exp((double)logit - logits[predicted]);
        return (float)(1 / sum);
    }

    /// <summary>Number of classes that rank before the label. A NaN logit counts against the label.</summary>
    private static int RankOf(ReadOnlySpan<float> logits, int label)
    {
        var rank = 0;
        for (var j = 0; j < logits.Length; j++)
        {
            var behind = j < label ? logits[j] < logits[label] : logits[j] <= logits[label];
            if (j != label && !behind) rank++;
        }

        return rank;
    }
}
