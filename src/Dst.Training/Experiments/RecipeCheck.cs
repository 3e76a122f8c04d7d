using Dst.Graph;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Masks;
using Dst.Training.Objectives;

namespace Dst.Training.Experiments;

/// <summary>Checks the recipe for all arms before the first of them spends hours.</summary>
internal sealed class RecipeCheck(RunFolder run, DataSet data, StartNetworks networks, GivenModels given)
{
    private readonly Recipe _recipe = run.Recipe;
    private readonly IReadOnlyList<Arm> _arms = Arm.NeededBy(run.Recipe);
    private readonly Dictionary<Arm, CheckedGraph> _graphs = [];

    /// <summary>Checks data, options and networks.</summary>
    /// <exception cref="InputException">They contradict each other.</exception>
    public void Check()
    {
        CheckSplits();
        CheckTrainOptions();
        CheckPruning();
        CheckNetworks();
    }

    private void CheckSplits()
    {
        if (data.Validation.Count == 0)
            throw new InputException(
                "data.validation leaves no validation images; expected a larger share, because epochs are chosen on them");
        if (data.Test.Count == 0)
            throw new InputException("the data has no test images; expected some, because every arm is tested at its end");
    }

    private void CheckTrainOptions()
    {
        foreach (var options in new[] { _recipe.Teacher.Train, _recipe.Train, _recipe.PruneTrain })
        {
            options.Schedule.Check(options.Epochs, data.StepsPerEpoch(options.Batch));
            options.Optimizer.Check();
            if (options.Batch == 1 && data.Unlabelled.Count > 0)
                throw new InputException("train.batch is 1 with unlabelled images; expected at least 2, one of either kind");
        }
    }

    private void CheckPruning()
    {
        var prune = _recipe.Prune;
        if (prune.Method == PruningMethod.SrSte && prune.Score == PruningScore.Taylor)
            throw new InputException(
                "prune.score is taylor with prune.method sr_ste; expected l1 or l2, because the mask is chosen at each step");
        if (prune.Method == PruningMethod.SrSte && prune.Permute)
            throw new InputException(
                "prune.permute is true with prune.method sr_ste; expected false, because initial weights have no order to find");
        if (prune.Permute && _recipe.Distill.Hints.Weight > 0)
        {
            throw new InputException(
                "prune.permute is true while distill.hints.weight is not 0; expected one of them alone, "
                + "because hints compare channels by their place");
        }
    }

    private void CheckNetworks()
    {
        foreach (var arm in _arms.Where(arm => run.Summary.Find(arm.Name) is null))
        {
            var graph = GraphOf(arm);
            if (arm.Given(_recipe) is not null) continue;
            NetworkMemory.Check(graph, arm.TrainIn(_recipe).Batch);
            if (arm.Distill is not null) LossTerms.CheckLayers(arm.Distill(_recipe), GraphOf(Arm.Of(ArmNames.Teacher)), graph);
        }

        if (_recipe.Student.Model is null && _arms.Any(arm => arm.Start != ArmStart.Teacher)) networks.Build(ArmStart.NarrowStudent);
    }

    private CheckedGraph GraphOf(Arm arm)
    {
        if (!_graphs.TryGetValue(arm, out var graph)) _graphs[arm] = graph = Load(arm);
        return graph;
    }

    private CheckedGraph Load(Arm arm)
    {
        if (arm.Given(_recipe) is { } path) return given.Load(arm, path).Graph;
        var start = arm.StartIn(_recipe);
        return start == ArmStart.BestStudent ? GraphOf(Arm.Of(ArmNames.StudentKd)) : networks.Build(start);
    }
}
