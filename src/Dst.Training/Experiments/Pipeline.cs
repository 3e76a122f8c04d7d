using Dst.Training.Engine;
using Dst.Training.Experiments.Runs;
using Dst.Training.Masks;

namespace Dst.Training.Experiments;

/// <summary>
/// The whole method: Xiao et al., "Distillation Sparsity Training Algorithm for Accelerating Convolutional Neural Networks in
/// Embedded Systems", 2023, Algorithm 1, with its controls. Every choice is made on validation data; the test data is read once
/// an arm, when the arm is finished.
/// </summary>
public sealed partial class Pipeline
{
    /// <summary>Runs, or goes on with, all arms of the run's recipe.</summary>
    /// <returns>A row an arm.</returns>
    /// <exception cref="InputException">The recipe asks for what cannot be, or a file cannot be read or written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the run can be resumed.</exception>
    /// <exception cref="DivergedException">A loss is NaN or infinite.</exception>
    public RunSummary Run(CancellationToken cancellation = default)
    {
        Check();
        _run.WriteManifest(RunManifest.Describe(_compute, _recipe.Seed, DateTime.UtcNow, _data));
        foreach (var arm in ArmNames.All.Where(_recipe.Arms.Contains)) Get(arm, cancellation);
        return _run.Summary;
    }

    /// <summary>What each arm is: T the teacher, S the student, S* its best epoch under T, P the pruned S*.</summary>
    private PhaseResult Make(string arm, CancellationToken cancellation)
    {
        Model T() => Get(ArmNames.Teacher, cancellation);
        Model BestStudent() => Get(ArmNames.StudentKd, cancellation);
        TrainingPhase P(bool unstructured) => _recipe.Prune.Method switch
        {
            PruningMethod.OneShot => new(arm, Prune(BestStudent(), unstructured), _recipe.PruneTrain),
            PruningMethod.Gradual => new(arm, Permute(BestStudent(), unstructured), _recipe.PruneTrain) { Pruning = new(_recipe.Prune, unstructured) },
            PruningMethod.SrSte => new(arm, Initialise(_recipe.Student), _recipe.Train) { Pruning = new(_recipe.Prune, unstructured) },
            _ => throw new ArgumentOutOfRangeException(nameof(arm), _recipe.Prune.Method, "unknown method"),
        };

        PhaseResult Train(TrainingPhase phase) => RunPhase(phase, cancellation);
        PhaseResult Teach(TrainingPhase phase, bool isPruned = false) => RunPhase(phase with
        {
            Distillation = _recipe.Distill,
            Teacher = T(),
            DenseStudent = isPruned && _recipe.Distill.Beta > 0 ? BestStudent() : null,
        }, cancellation);

        return arm switch
        {
            ArmNames.Teacher when _recipe.Teacher.Model is { } path => Import(LoadTeacher(path), cancellation),
            ArmNames.Teacher => Train(new(arm, Initialise(_recipe.Teacher), _recipe.Teacher.Train)),
            ArmNames.Student => Train(new(arm, Initialise(_recipe.Student), _recipe.Train)),
            ArmNames.StudentKd when _recipe.Student.Model is { } path => Import(LoadStudent(path), cancellation),
            ArmNames.StudentKd => Teach(new(arm, Initialise(_recipe.Student), _recipe.Train)),
            ArmNames.UnstructuredKd => Teach(P(unstructured: true), isPruned: true),
            ArmNames.Uhp => Train(P(unstructured: false)),
            ArmNames.Dst => Teach(P(unstructured: false), isPruned: true),
            ArmNames.HalfWidth => Teach(new(arm, Initialise(HalfWidth()), _recipe.Train)),
            _ => throw new ArgumentOutOfRangeException(nameof(arm), arm, "unknown arm"),
        };
    }
}
