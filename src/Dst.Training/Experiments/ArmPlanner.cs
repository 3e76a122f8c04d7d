using Dst.Graph;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Starts;

namespace Dst.Training.Experiments;

/// <summary>Says what will be trained, and how much work that is.</summary>
internal sealed class ArmPlanner(Recipe recipe, DataSet data, StartNetworks starts, ArmNetworks networks)
{
    /// <summary>The plan of some arms, in their order. Each auto-encoder comes before the first arm that begins with it.</summary>
    public IReadOnlyList<PlannedArm> Plan(IEnumerable<Arm> arms)
    {
        var plan = new List<PlannedArm>();
        foreach (var arm in arms)
        {
            if (Pretraining.PhaseBefore(arm, recipe, starts) is { } phase && !plan.Exists(planned => planned.Arm == phase.Arm))
                plan.Add(Plan(phase.Arm, phase.Start.Graph, phase.Options, macsOfTeacher: 0));
            plan.Add(Plan(arm));
        }

        return plan;
    }

    private PlannedArm Plan(Arm arm)
    {
        var graph = networks.Of(arm).Graph;
        if (arm.Given(recipe) is not null)
        {
            var given = NetworkCost.Of(graph);
            return new(arm.Name, graph.Name, given.Weights, given.Macs, Epochs: 0, Steps: 0, Work: 0);
        }

        var macsOfTeacher = networks.TeacherOf(arm) is { } teacher ? NetworkCost.Of(teacher.Graph).Macs : 0;
        return Plan(arm.Name, graph, arm.TrainIn(recipe), macsOfTeacher);
    }

    private PlannedArm Plan(string name, CheckedGraph graph, TrainOptions options, long macsOfTeacher)
    {
        var cost = NetworkCost.Of(graph);
        var steps = (long)data.StepsPerEpoch(options.Batch) * options.Epochs;
        var perImage = 3.0 * cost.Macs + macsOfTeacher; // forward, backward-data and backward-weight; a teacher forward alone
        return new(name, graph.Name, cost.Weights, cost.Macs, options.Epochs, steps, steps * options.Batch * perImage);
    }
}
