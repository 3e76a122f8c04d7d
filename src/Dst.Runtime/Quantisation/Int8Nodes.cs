using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Quantisation;

/// <summary>
/// Which nodes of a program shall compute on bytes, and which values need a scale for it. What follows the last layer with weights stays
/// in floats: its sums are more exact than bytes.
/// </summary>
internal sealed class Int8Nodes
{
    private readonly LoweredProgram _program;
    private readonly IReadOnlySet<string> _keptFloat;
    private readonly HashSet<LoweredNode> _nodes = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _scaled = [];

    /// <summary>Chooses the nodes from the last to the first: bytes lead to layers with weights.</summary>
    /// <param name="program">A program of floats.</param>
    /// <param name="keptFloat">Layers with weights that stay in floats.</param>
    public Int8Nodes(LoweredProgram program, IReadOnlySet<string> keptFloat)
    {
        (_program, _keptFloat) = (program, keptFloat);
        var leadsToWeights = new HashSet<string>();
        foreach (var node in program.Nodes.Reverse())
        {
            var isBytes = WhyFloat(node) is null && (node.Operation.IsWeighted || leadsToWeights.Contains(node.Output));
            if (isBytes) Add(node);
            if (isBytes || leadsToWeights.Contains(node.Output)) leadsToWeights.UnionWith(node.Reads);
        }
    }

    /// <summary>Whether a node computes on bytes.</summary>
    public bool Contains(LoweredNode node) => _nodes.Contains(node);

    /// <summary>Whether a value needs a scale.</summary>
    public bool NeedsScale(string value) => _scaled.Contains(value);

    /// <summary>Why a layer with weights stays in floats, or null if it need not.</summary>
    public string? WhyFloat(LoweredNode node)
    {
        if (node.Operation.OnBytes(_program.Values[node.Inputs[0]].Shape) == ByteForm.None)
            return node.Operation is Conv2dOp ? "groups of channels have no 8-bit form" : "no 8-bit form";
        return _keptFloat.Contains(node.Layer) ? "kept by name" : null;
    }

    private void Add(LoweredNode node)
    {
        _nodes.Add(node);
        _scaled.UnionWith(node.Reads);
        // The sums of a layer with weights can become floats, if nothing follows them.
        if (!node.Operation.IsWeighted || node.Residual is not null || node.Bounds != Bounds.None) _scaled.Add(node.Output);
    }
}
