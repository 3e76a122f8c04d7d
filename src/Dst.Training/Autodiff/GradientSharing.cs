using Dst.Training.Autodiff.Nodes;

namespace Dst.Training.Autodiff;

/// <summary>Lets operands of additions use the sum's gradient as their own, where nothing else writes to it meanwhile.</summary>
internal sealed class GradientSharing
{
    private readonly Dictionary<TrainingNode, int> _index;

    private GradientSharing(IReadOnlyList<TrainingNode> nodes) =>
        _index = nodes.Index().ToDictionary(pair => pair.Item, pair => pair.Index);

    /// <summary>Plans all additions of a network.</summary>
    /// <param name="nodes">In the order of the forward pass, with their final features.</param>
    public static void Plan(IReadOnlyList<TrainingNode> nodes)
    {
        var sharing = new GradientSharing(nodes);
        foreach (var sum in nodes.OfType<AddNode>().Reverse()) sharing.Plan(sum);
    }

    /// <summary>
    /// Operands that nothing else reads share the sum's gradient. So does one operand with other readers, if these write it only after the
    /// gradients of the former have been read.
    /// </summary>
    private void Plan(AddNode sum)
    {
        var output = (StoredFeature)sum.Output;
        if (sum.Inputs[0] == sum.Inputs[1] || output.IsGradientComputed) return;
        var readOnce = sum.Inputs
            .Where(input => input is { NeedsGradient: true, IsExposed: false, Relu: false, Readers.Count: 1 }).ToList();
        foreach (var operand in readOnce)
        {
            operand.GradientSlot = output.GradientSlot;
            output.SharedOperands.Add(operand);
        }

        // With additions of additions, it is not known here what else reads the shared gradient, and when.
        if (IsSharedOperand(output) || readOnce.Exists(operand => operand.GradientReader is AddNode)) return;
        var earliest = readOnce.Select(operand => _index[operand.GradientReader!]).DefaultIfEmpty(int.MaxValue).Min();
        if (sum.Inputs.Except(readOnce).ToList() is [{ NeedsGradient: true, IsExposed: false } other]
            && IsWrittenLater(other, sum, earliest))
            other.GradientSlot = output.GradientSlot;
    }

    /// <summary>
    /// Whether a sum is itself an operand of a later addition, and uses the gradient of that.
    /// </summary>
    private static bool IsSharedOperand(StoredFeature sum) =>
        sum.Readers is [AddNode next] && ((StoredFeature)next.Output).SharedOperands.Contains(sum);

    /// <summary>
    /// Whether the sum is the first to write a feature's gradient, and all other readers write it when node
    /// <paramref name="earliest"/> has run backward.
    /// </summary>
    private bool IsWrittenLater(Feature feature, AddNode sum, int earliest) =>
        feature.Readers[^1] == sum && feature.Readers.Count > 1 && feature.Readers.SkipLast(1).All(reader => _index[reader] < earliest);
}
