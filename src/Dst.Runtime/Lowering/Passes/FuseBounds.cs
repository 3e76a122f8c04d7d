using Dst.Kernels;

namespace Dst.Runtime.Lowering.Passes;

/// <summary>
/// relu(f(x)) → f(x, bounds) and clip(f(x)) → f(x, bounds), if nothing else reads f(x) and f takes the bounds.
/// Runs after the passes that change f.
/// </summary>
internal static class FuseBounds
{
    /// <summary>Rewrites the program.</summary>
    public static void Apply(ProgramRewriter program)
    {
        foreach (var node in program.Nodes)
        {
            if (node.Operation.ToBounds() is not { } bounds || program.ProducerOf(node.Inputs[0]) is not { } input) continue;
            if (input.Bounds == Bounds.None && program.CountReaders(input.Output) == 1 && TakesBounds(input, bounds))
                program.Fuse(input, node, input with { Output = node.Output, Bounds = bounds });
        }
    }

    /// <summary>
    /// Layers with weights clip to a range around 0, which keeps the zeros of lanes that are no channel. Affine maps, group
    /// normalisations and sums apply a ReLU. Other nodes take no bounds.
    /// </summary>
    private static bool TakesBounds(LoweredNode node, Bounds bounds) => node.Operation.IsWeighted
        ? bounds is { Least: <= 0, Most: >= 0 }
        : bounds == Bounds.Relu && node.Operation.TakesRelu;
}
