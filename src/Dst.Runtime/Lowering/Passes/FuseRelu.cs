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
        foreach (var node in graph.Nodes.Where(node => node.Operation.ToBounds() is not null).ToList())
        {
            var bounds = node.Operation.ToBounds()!.Value;
            var input = graph.ProducerOf(node.Inputs[0]);
            if (input is not null && input.Bounds == Bounds.None && Takes(input, bounds) && graph.Readers(input.Output) == 1)
                graph.Fuse(input, node, input with { Output = node.Output, Bounds = bounds });
        }
    }

    /// <summary>Bounds on both sides are part of layers with weights alone, and only where they leave the zeros of lanes that are no channel.</summary>
    private static bool Takes(PlanNode input, Bounds bounds) => bounds == Bounds.Relu
        ? input.Operation.TakesRelu
        : input.Operation.IsWeighted && bounds is { Least: <= 0, Most: >= 0 };
}
