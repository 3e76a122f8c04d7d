using Dst.Runtime;
using Dst.Training.Pruning;
using Dst.Training.Recipes;
using Dst.Training.Runs;

namespace Dst.Training;

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
        foreach (var arm in ArmNames.All.Where(_recipe.Arms.Contains)) Get(arm, cancellation);
        return _run.Summary;
    }

    /// <summary>What each arm is: T the teacher, S the student, S* its best epoch under T, P the pruned S*.</summary>
    private PhaseResult Make(string arm, CancellationToken cancellation)
    {
        Model T() => Get(ArmNames.Teacher, cancellation);
        Model BestStudent() => Get(ArmNames.StudentKd, cancellation);
        Model Pruned() => PruningPlan.Create(BestStudent(), _recipe.Prune).ApplyTo(BestStudent());
        Model PrunedUnstructured() => PruningPlan.CreateUnstructured(BestStudent(), _recipe.Prune).ApplyTo(BestStudent());

        PhaseResult Train(Model start, TrainOptions options, bool taught) => RunPhase(new(arm, start, options)
        {
            Distillation = _recipe.Distill,
            Teacher = taught ? T() : null,
            DenseStudent = taught && start.Masks.Count > 0 ? BestStudent() : null,
        }, cancellation);

        return arm switch
        {
            ArmNames.Teacher when _recipe.Teacher.Model is { } path => Import(path, TeacherModelKey),
            ArmNames.Teacher => Train(Initialise(_recipe.Teacher), _recipe.Teacher.Train, taught: false),
            ArmNames.Student => Train(Initialise(_recipe.Student), _recipe.Train, taught: false),
            ArmNames.StudentKd when _recipe.Student.Model is { } path => Import(path, StudentModelKey),
            ArmNames.StudentKd => Train(Initialise(_recipe.Student), _recipe.Train, taught: true),
            ArmNames.UnstructuredKd => Train(PrunedUnstructured(), _recipe.PruneTrain, taught: true),
            ArmNames.Uhp => Train(Pruned(), _recipe.PruneTrain, taught: false),
            ArmNames.Dst => Train(Pruned(), _recipe.PruneTrain, taught: true),
            ArmNames.HalfWidth => Train(Initialise(HalfWidth()), _recipe.Train, taught: true),
            _ => throw new ArgumentOutOfRangeException(nameof(arm), arm, "unknown arm"),
        };
    }
}
