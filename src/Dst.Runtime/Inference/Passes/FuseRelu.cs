using Dst.Runtime.Graph;

namespace Dst.Runtime.Inference.Passes;

/// <summary>relu(f(x)) → f(x, relu), where nothing else reads f(x). To run after the passes that change what f is.</summary>
internal static class FuseRelu
{
    /// <summary>Rewrites the graph.</summary>
    public static void Apply(PlanGraph graph)
    {
        foreach (var relu in graph.Nodes.Where(node => node.Operation is ReluOp).ToList())
        {
            var input = graph.ProducerOf(relu.Inputs[0]);
            if (input is { Operation: Conv2dOp or LinearOp or BatchNormOp or AddOp } && graph.Readers(input.Output) == 1)
                graph.Fuse(input, relu, input with { Output = relu.Output, Relu = true });
        }
    }
}
