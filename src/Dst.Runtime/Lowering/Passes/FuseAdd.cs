using Dst.Graph;

namespace Dst.Runtime.Lowering.Passes;

/// <summary>conv(x) + r → conv(x, residual: r), where nothing else reads conv(x) and r is there before it.</summary>
internal static class FuseAdd
{
    /// <summary>Rewrites the graph.</summary>
    public static void Apply(PlanGraph graph)
    {
        foreach (var sum in graph.Nodes.Where(node => node.Operation is AddOp).ToList())
        {
            var last = graph.Nodes.LastOrDefault(node => sum.Inputs.Contains(node.Output));
            if (last is { Operation.IsWeighted: true, Residual: null } && graph.Readers(last.Output) == 1)
                graph.Fuse(last, sum, last with { Output = sum.Output, Residual = sum.Inputs[sum.Inputs[0] == last.Output ? 1 : 0] });
        }
    }
}
