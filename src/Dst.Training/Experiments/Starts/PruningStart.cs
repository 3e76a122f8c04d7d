using Dst.ModelFiles;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Masks;
using Dst.Training.Masks.Repair;

namespace Dst.Training.Experiments.Starts;

/// <summary>Makes of a dense network what the training of a pruned arm starts from.</summary>
internal sealed class PruningStart(RunFolder run, DataSet data, ComputeContext compute)
{
    private Recipe Recipe => run.Recipe;

    /// <summary>The dense network in the order of channels that pruning gives it, and what the arm's training starts from.</summary>
    public (Model Dense, Model Start) Of(string arm, Model dense, Pruning pruning, Action<string>? log, CancellationToken cancellation)
    {
        switch (pruning.Options.Method)
        {
            case PruningMethod.OneShot:
                var planned = pruning.Prepare(dense, GradientsFor(dense), log);
                var start = pruning.Options.Repair == PruningRepair.None ? planned.Apply() : Repair(arm, planned, log, cancellation);
                return (planned.Start, start);
            case PruningMethod.Gradual:
                var permuted = Permute(dense, pruning, log);
                return (permuted, permuted);
            case PruningMethod.SrSte:
                return (dense, dense);
            case PruningMethod.RandomChannels:
                var share = pruning.Options.Incremental.ShareIn(stage: 0);
                return (dense, RandomConnections.Plan(dense, pruning, Recipe.Seed, share).ApplyTo(dense));
            default:
                throw new ArgumentOutOfRangeException(nameof(pruning), pruning.Options.Method, "unknown method");
        }
    }

    /// <summary>A network in the order of channels that pruning gives it.</summary>
    public Model Permute(Model dense, Pruning pruning, Action<string>? log) => pruning.Permute(dense, GradientsFor(dense), log);

    /// <summary>
    /// The pruned and repaired network. It is kept in the run folder, so that a resumed arm has the same masks on any machine.
    /// </summary>
    private Model Repair(string arm, PlannedPruning planned, Action<string>? log, CancellationToken cancellation)
    {
        var path = run.StartPath(arm);
        if (File.Exists(path)) return ModelFile.Load(path);
        var count = NetworkRepair.ImagesFor(planned.Start.Graph, Recipe.Prune);
        var images = CalibrationImages.Draw(data.For(planned.Start), count, Recipe.Seed);
        var repaired = NetworkRepair.Apply(planned, Recipe.Prune, images, compute, log, cancellation).Model;
        ModelFile.Save(path, repaired);
        return repaired;
    }

    private ScoreGradients GradientsFor(Model model) => new(data.For(model), Recipe.Train.Batch, compute, Recipe.Seed);
}
