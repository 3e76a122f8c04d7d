using Dst.Foundations;
using Dst.Graph;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Starts;
using Dst.Training.Masks;
using Dst.Training.Objectives;

namespace Dst.Training.Experiments.Checks;

/// <summary>Checks the networks of a recipe's arms before the first arm spends hours.</summary>
internal sealed class NetworkCheck(Recipe recipe, DataSet data, StartNetworks starts, ArmNetworks networks)
{
    /// <summary>Checks the networks of the arms that are not finished.</summary>
    /// <param name="unfinished">These arms.</param>
    /// <exception cref="InputException">A network does not fit the recipe, the data or the memory.</exception>
    public void Check(IEnumerable<Arm> unfinished)
    {
        foreach (var arm in unfinished)
        {
            var network = networks.Of(arm);
            if (arm.Given(recipe) is null) Check(arm, network);
        }

        var isGiven = Arm.DenseOf(recipe).Given(recipe) is not null || recipe.Student.From is not null;
        if (!isGiven && Arm.NeededBy(recipe).Any(arm => arm.Start != ArmStart.Teacher)) starts.Build(ArmStart.NarrowStudent);
    }

    private void Check(Arm arm, ArmNetwork network)
    {
        if (arm.Quantises is not null) CheckQuantised(network.Graph);
        if (network.IsPruned && arm.StartIn(recipe) == ArmStart.DenseNetwork) CheckPruned(arm);
        else if (arm.Masks is not null) PruningPlan.CheckPrunesAny($"'{network.Graph.Name}'", network.Graph, recipe.Prune);
        if (arm.Start == ArmStart.NarrowStudent) CheckNarrow();
        NetworkMemory.Check(network.Graph, arm.TrainIn(recipe).Batch);
        if (arm.Distill(recipe) is { } distill && networks.TeacherOf(arm) is { } teacher) CheckTaught(network, teacher, distill);
    }

    /// <summary>Checks that a layer is left to quantise.</summary>
    private void CheckQuantised(CheckedGraph graph)
    {
        string[] layers = [.. graph.Nodes.Where(node => node.Operation.IsWeighted).Select(node => node.Name)];
        if (Quantising.KeptFloat(recipe.Quantise, layers).Count == layers.Length)
            throw new InputException(
                $"quantise.keep_float names each of the {Phrases.Count(layers.Length, "layer")} with weights of {graph.Name}; "
                + "at least one was expected to be quantised");
    }

    /// <summary>Checks an arm whose student is given with masks: it can be trained on, and nothing else.</summary>
    private void CheckPruned(Arm arm)
    {
        var pruned = $"{Arm.DenseFileOf(recipe)} is pruned already";
        if (arm.Masks != MaskKind.Uhp)
            throw new InputException($"{pruned}, and the arm {arm.Name} needs a dense one; expected arms: [dst] or [uhp], which train it "
                + "on");
        if (arm.Distill(recipe) is { NeedsDense: true } distill)
            throw new InputException(
                $"{pruned}, and {distill.Section} compares it with the dense network before; expected {distill.Section}.teacher: teacher "
                + "and features: 0");
    }

    /// <summary>Checks that the narrow student is a narrower form of the dense student, where a file gives that.</summary>
    private void CheckNarrow()
    {
        var student = Arm.DenseOf(recipe);
        if (student.Given(recipe) is not { } path) return;
        var (file, zoo) = (networks.Of(student).Graph, starts.Build(ArmStart.Student));
        if (NetworkCost.Of(file).Macs != NetworkCost.Of(zoo).Macs)
            throw new InputException(
                $"{student.ModelKey} {path} is not the network '{zoo.Name}' that half-width makes narrower; "
                + $"expected {student.ModelKey.Split('.')[0]}.arch and width of the file, or arms without half-width");
    }

    /// <summary>Checks that a network can learn from its teacher.</summary>
    private void CheckTaught(ArmNetwork network, ArmNetwork teacher, DistillationOptions distill)
    {
        InputChange.Between(network.Inputs, teacher.Inputs, data.Shape, $"teacher '{teacher.Graph.Name}'");
        LossTerms.CheckLayers(distill, teacher.Graph, network.Graph);
        LossTerms.CheckBlocks(distill, network.Graph);
    }
}
