using Dst.Training.Data;
using Dst.Training.Engine;

namespace Dst.Training.Experiments;

/// <summary>Warns if the training of an arm goes wrong: once if its loss rises, and once if it stays at chance.</summary>
internal sealed class TrainingAlarm(TrainingPhase phase, DataSet data)
{
    private const double Rise = 1.5; // of the first loss; less is common while a one-cycle learning rate grows
    private const int FirstSteps = 200; // in these, the statistics of normalisations are rough and the learning rate is low

    private readonly Chance _chance = new(data.Observed.CountByClass(data.ClassNames.Count));
    private readonly int _stepsPerEpoch = data.StepsPerEpoch(phase.Options.Batch);
    private readonly int _wait = Math.Max(3, phase.Options.Epochs / 5); // epochs that must be at chance on the average
    private readonly Queue<double> _recent = []; // balanced accuracies of the last epochs
    private double? _firstLoss;
    private bool _hasWarnedOfLoss;
    private bool _hasWarnedOfChance;

    /// <summary>What is wrong after an epoch and was not said yet.</summary>
    public IEnumerable<string> Check(EpochMetrics epoch)
    {
        _firstLoss ??= epoch.TrainLoss;
        var epochs = phase.Options.Epochs;
        // Weights that are pruned meanwhile raise the loss too.
        if (!_hasWarnedOfLoss && phase.Pruning is null && epoch.TrainLoss > Rise * _firstLoss)
        {
            _hasWarnedOfLoss = true;
            yield return Invariant($"warning: the loss of {epoch.Arm} rises: {_firstLoss:F4} at first, ")
                + Invariant($"{epoch.TrainLoss:F4} in epoch {epoch.Epoch}; a lower learning rate may help");
        }

        if (!_hasWarnedOfChance && StaysAtChance(epoch))
        {
            _hasWarnedOfChance = true;
            yield return $"warning: {epoch.Arm} is at chance after {epoch.Epoch} of {epochs} epochs: balanced accuracy "
                + Invariant($"{_recent.Average():P1} in the last {_wait} epochs, chance {_chance.Level:P1}; ")
                + "another learning rate or longer training may help";
        }
    }

    /// <summary>
    /// Whether the last epochs are at chance on the average. A single one may be while a network learns from few images: it names one
    /// class in one epoch, and others in the next.
    /// </summary>
    private bool StaysAtChance(EpochMetrics epoch)
    {
        if (epoch.ValidationBalancedAccuracy is not { } accuracy) return false;
        _recent.Enqueue(accuracy);
        if (_recent.Count > _wait) _recent.Dequeue();
        return _recent.Count == _wait && (long)epoch.Epoch * _stepsPerEpoch >= FirstSteps && _chance.Explains(_recent.Average());
    }
}
