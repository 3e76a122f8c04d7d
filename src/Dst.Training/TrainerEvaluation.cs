using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Losses;

namespace Dst.Training;

/// <summary>How well a network does on a set of samples.</summary>
/// <param name="Top1">Share of samples whose label has the highest logit, 0 to 1.</param>
/// <param name="Top5">Share of samples whose label is among the five highest.</param>
/// <param name="Loss">Mean cross-entropy.</param>
/// <param name="Count">Number of samples.</param>
/// <param name="Confusion">Number of samples by [label][prediction].</param>
public sealed record Evaluation(double Top1, double Top5, double Loss, int Count, int[][] Confusion)
{
    /// <summary>Evaluates in inference mode; <paramref name="samples"/> must not augment, and its batch must not exceed the network's.</summary>
    /// <exception cref="OperationCanceledException">Cancelled between two batches.</exception>
    public static Evaluation Of(TrainingNetwork network, BatchLoader samples, CancellationToken cancellation = default)
    {
        var classes = network.Classes;
        var confusion = new int[classes][];
        for (var i = 0; i < classes; i++) confusion[i] = new int[classes];
        var (count, top1, top5, loss) = (0, 0, 0, 0.0);
        foreach (var batch in samples.Epoch(0))
        {
            cancellation.ThrowIfCancellationRequested();
            var logits = network.Forward(batch.Images, batch.Count, training: false);
            var labels = batch.Labels.AsSpan(0, batch.Count);
            loss += batch.Count * CrossEntropy.Compute(logits, labels, classes, labelSmoothing: 0, weight: 1, gradient: default);
            for (var i = 0; i < batch.Count; i++)
            {
                var row = logits.Slice(i * classes, classes);
                var rank = RankOf(row, labels[i]);
                if (rank == 0) top1++;
                if (rank < 5) top5++;
                confusion[labels[i]][Prediction(row)]++;
            }

            count += batch.Count;
        }

        return new((double)top1 / count, (double)top5 / count, loss / count, count, confusion);
    }

    /// <summary>Index of the highest logit; of equal ones the first.</summary>
    internal static int Prediction(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best]) best = i;
        }

        return best;
    }

    // Classes that come before the label: a higher logit, or an equal one at a lower index, as in Prediction.
    private static int RankOf(ReadOnlySpan<float> logits, int label)
    {
        var rank = 0;
        for (var i = 0; i < logits.Length; i++)
        {
            if (logits[i] > logits[label] || logits[i] == logits[label] && i < label) rank++;
        }

        return rank;
    }
}
