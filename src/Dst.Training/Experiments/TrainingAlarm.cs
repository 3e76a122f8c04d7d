using Dst.Training.Data;
using Dst.Training.Engine;

namespace Dst.Training.Experiments;

/// <summary>Says, once each, that the training of an arm goes wrong: its loss rises, or it stays at chance.</summary>
internal sealed class TrainingAlarm(TrainingPhase phase, DataSet data)
{
    private const double Rise = 1.5; // less is common while a one-cycle learning rate grows
    private const int Wait = 5; // one of so many parts of the epochs, in which a network may stay at chance

    private double? _firstLoss;
    private bool _saidLoss;
    private bool _saidChance;

    /// <summary>Top-1 of a network that names the most frequent class for every image on which epochs are measured.</summary>
    private double Chance { get; } = (double)data.Observed.CountByClass(data.ClassNames.Count).Max() / data.Observed.Count;

    /// <summary>What is wrong after an epoch and was not said yet.</summary>
    public IEnumerable<string> Check(EpochMetrics epoch)
    {
        _firstLoss ??= epoch.TrainLoss;
        var epochs = phase.Options.Epochs;
        // Weights that are pruned meanwhile raise the loss too.
        if (!_saidLoss && phase.Pruning is null && epoch.TrainLoss > Rise * _firstLoss)
        {
            _saidLoss = true;
            yield return $"warning: the loss of {epoch.Arm} rises: {_firstLoss:F4} at first, {epoch.TrainLoss:F4} in epoch {epoch.Epoch}; "
                + "a lower learning rate may help";
        }

        if (!_saidChance && !phase.Reconstructs && epoch.ValidationTop1 <= Chance && epoch.Epoch >= Math.Max(3, epochs / Wait))
        {
            _saidChance = true;
            yield return $"warning: {epoch.Arm} is at chance after {epoch.Epoch} of {epochs} epochs: validation {epoch.ValidationTop1:P1}, "
                + $"and the most frequent class alone {Chance:P1}; another learning rate or longer training may help";
        }
    }
}
