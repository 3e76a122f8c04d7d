using Dst.Training.Engine;
using Dst.Training.Experiments;

namespace Dst.Cli.Output;

/// <summary>Where the training of several arms is.</summary>
internal sealed class ExperimentProgress
{
    private readonly List<double> _validation = [];
    private readonly HashSet<string> _begun = []; // arms: one that others start from is trained before them, wherever it stands in the plan
    private IReadOnlyList<PlannedArm> _arms = [];

    /// <summary>The last step.</summary>
    public TrainingProgress Last { get; private set; }

    /// <summary>Whether an auto-encoder is trained, which has no classes.</summary>
    public bool Reconstructs => ArmNames.AutoEncoders.Contains(Last.Arm);

    /// <summary>
    /// Validation top-1 of each finished epoch of the present arm that this process has trained; of an auto-encoder the loss.
    /// </summary>
    public IReadOnlyList<double> Validation => _validation;

    /// <summary>Network of the present arm.</summary>
    public string Network => Present?.Network ?? "";

    /// <summary>Number of the present arm, from 1, in the order in which they begin.</summary>
    public int Number => _begun.Count;

    /// <summary>Arms that this process trains.</summary>
    public int Arms => _arms.Count;

    /// <summary>Share of the present arm's steps that are done.</summary>
    public double Done => ((Last.Epoch - 1) * (double)Last.Batches + Last.Batch) / ((double)Last.Epochs * Last.Batches);

    /// <summary>
    /// Expected time to the end of the last arm: later arms take as long for each multiply-accumulate as the present one. Patience may end
    /// an arm earlier.
    /// </summary>
    public TimeSpan RemainingOfAll
    {
        get
        {
            if (Present is not { Work: > 0 } present || Done is not (> 0 and < 1)) return Last.Remaining;
            var later = _arms.Where(arm => !_begun.Contains(arm.Arm)).Sum(arm => arm.Work);
            return Last.Remaining + Last.Remaining / (1 - Done) * (later / present.Work);
        }
    }

    private PlannedArm? Present => _arms.FirstOrDefault(arm => arm.Arm == Last.Arm);

    /// <summary>Begins with the arms that are not finished.</summary>
    public void Begin(IReadOnlyList<PlannedArm> arms) => _arms = [.. arms.Where(arm => arm.Epochs > 0)];

    /// <summary>Takes a step.</summary>
    public void Step(TrainingProgress step)
    {
        if (_begun.Add(step.Arm)) _validation.Clear();
        Last = step;
    }

    /// <summary>Takes a finished epoch.</summary>
    public void EpochEnded(EpochMetrics epoch) => _validation.Add(Reconstructs ? epoch.ValidationLoss : epoch.ValidationTop1);
}
