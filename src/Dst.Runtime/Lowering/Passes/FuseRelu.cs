using Dst.Graph;
using Dst.Kernels;

namespace Dst.Runtime.Lowering.Passes;

/// <summary>
/// relu(f(x)) → f(x, bounds) and clip(f(x)) → f(x, bounds), where nothing else reads f(x). To run after the passes that change what f is.
/// </summary>
internal static class FuseRelu
{
    /// <summary>Rewrites the graph.</summary>
    public static void Apply(PlanGraph graph)
    {
        foreach (var node in graph.Nodes.Where(node => node.Operation is ReluOp or ClipOp).ToList())
        {
            var input = graph.ProducerOf(node.Inputs[0]);
            if (input is not null && input.Bounds == Bounds.None && Takes(input, node.Operation) && graph.Readers(input.Output) == 1)
                graph.Fuse(input, node, input with { Output = node.Output, Bounds = node.Operation is ClipOp clip ? new(clip.Min, clip.Max) : Bounds.Relu });
        }
    }

    /// <summary>Bounds on both sides are part of layers with weights alone, and only where they leave the zeros of lanes that are no channel.</summary>
    private static bool Takes(PlanNode input, Operation operation) => operation is ClipOp clip
        ? input.IsWeighted && clip is { Min: <= 0, Max: >= 0 }
        : input.IsWeighted || input.Operation is BatchNormOp or AffineOp or AddOp;
}
