using Dst.Foundations;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Runs;
using Dst.Training.Ranks;

namespace Dst.Training.Experiments;

/// <summary>Runs a phase, or resumes it from the checkpoint of the run folder.</summary>
internal sealed class PhaseRunner(RunFolder run, DataSet data, ComputeContext compute)
{
    /// <summary>Called after each step.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>Called after each epoch.</summary>
    public Action<EpochMetrics>? EpochEnded { get; init; }

    /// <summary>Called when a checkpoint is on the disk.</summary>
    public Action? CheckpointSaved { get; init; }

    /// <summary>Called when the phase begins or is resumed, with a line for the log.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Trains to the end of the phase.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the state is in the checkpoint.</exception>
    /// <exception cref="DivergedException">A loss is NaN or infinite.</exception>
    public PhaseResult Run(TrainingPhase phase, CancellationToken cancellation)
    {
        phase = phase with { Forms = CheckpointFile.FindForms(run.CheckpointPath, phase.Arm) ?? ChooseForms(phase) };
        using var trainer = CreateTrainer(phase);
        var isResumed = CheckpointFile.TryRestore(run.CheckpointPath, phase.Arm, trainer);
        var dropped = run.TrimMetrics(phase.Arm, trainer.State.Epoch);
        if (!isResumed && dropped > 0)
            Log?.Invoke(
                $"warning: {phase.Arm} has no checkpoint in {run.CheckpointPath}: {Phrases.Count(dropped, "recorded epoch")} of it "
                + $"{(dropped == 1 ? "is" : "are")} dropped and trained again");
        Log?.Invoke(
            $"{phase.Arm}: {phase.Start.Graph.Name}, {DescribeBeginning(trainer.State.Epoch, phase.Options.Epochs, isResumed)}"
            + DescribeImages(trainer.UnlabelledImages));
        try
        {
            return trainer.Run(cancellation);
        }
        catch (DivergedException e)
        {
            throw new DivergedException($"{e.Message}; {DescribeCheckpoint(phase.Arm)}");
        }
    }

    private Trainer CreateTrainer(TrainingPhase phase) => new(phase, data.For(phase.Start), compute, run.Recipe.Seed)
    {
        Checkpoints = run.Recipe.Checkpoint,
        Progress = Progress,
        CheckpointDue = run.IsCopy ? null : trainer =>
        {
            CheckpointFile.Save(run.CheckpointPath, phase.Arm, trainer, run.RecipeHash);
            // A run that is stopped in its first epoch is the one to go on with.
            if (trainer.State.Epoch == 0) RunPaths.PointLatest(run.Recipe.Runs, run.Path);
            CheckpointSaved?.Invoke();
        },
        EpochEnded = row =>
        {
            run.AddMetrics(row);
            EpochEnded?.Invoke(row);
        },
    };

    private ConvolutionForms ChooseForms(TrainingPhase phase)
    {
        if (phase.Options.Convolutions == FormChoice.Direct) return ConvolutionForms.Direct;
        if (phase.Options.Convolutions != FormChoice.Measured) return ConvolutionForms.Estimated;
        var forms = ConvolutionForms.Parse(compute.Ranks.Broadcast(MeasuredForms(phase))); // other ranks may measure others
        run.Manifest.Record(phase.Arm, forms);
        return forms;
    }

    private string MeasuredForms(TrainingPhase phase) =>
        compute.Ranks.IsFirst
            ? ConvolutionForms.Measure(phase.Start, phase.Options.Batch, compute with { Ranks = RankGroup.Single }).ToString()
            : "";

    private static string DescribeBeginning(int epochsDone, int epochs, bool isResumed) =>
        !isResumed ? Phrases.Count(epochs, "epoch")
        : epochsDone < epochs ? $"resumed in epoch {epochsDone + 1} of {epochs}"
        : $"resumed after its {Phrases.Count(epochs, "epoch")}";

    private string DescribeImages(int unlabelledRead)
    {
        var (labelled, unlabelled) = (data.Training.Count, data.Unlabelled.Count);
        if (unlabelled == 0) return "";
        return unlabelledRead > 0
            ? $", {labelled} labelled and {unlabelledRead} unlabelled images"
            : $", {labelled} labelled images; the {unlabelled} unlabelled ones are not read, because every term of its loss needs labels";
    }

    private string DescribeCheckpoint(string arm)
    {
        if (CheckpointFile.FindState(run.CheckpointPath, arm) is not { } state) return $"no checkpoint of {arm} was written before";
        var (epochs, steps) = (Phrases.Count(state.Epoch, "epoch"), Phrases.Count(state.Step, "step"));
        return $"the last good state, after {epochs} and {steps}, is in {run.CheckpointPath}";
    }
}
