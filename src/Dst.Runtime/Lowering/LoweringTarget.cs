using Dst.Kernels;

namespace Dst.Runtime.Lowering;

/// <summary>What a backend can compute. Passes fuse and drop only what it allows.</summary>
/// <param name="TakesBounds">Whether the last step of a node can clip the result to some bounds.</param>
/// <param name="ReadsMapsInAnyOrder">Whether a linear layer can read a map as it is, so that no flattening is needed before it.</param>
public sealed record LoweringTarget(Func<LoweredNode, Bounds, bool> TakesBounds, bool ReadsMapsInAnyOrder = false)
{
    /// <summary>
    /// The bounds that both backends take. Layers with weights clip to a range around 0, which keeps the zeros of lanes that are no
    /// channel. Affine maps and sums apply a ReLU. Other nodes take no bounds.
    /// </summary>
    public static bool TakesBoundsAroundZero(LoweredNode node, Bounds bounds) => node.Operation.IsWeighted
        ? bounds is { Least: <= 0, Most: >= 0 }
        : bounds == Bounds.Relu && node.Operation.TakesRelu;
}
