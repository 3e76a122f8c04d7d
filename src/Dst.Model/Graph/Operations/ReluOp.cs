using Dst.Kernels;

namespace Dst.Graph;

/// <summary>max(x, 0).</summary>
public sealed record ReluOp : Operation
{
    internal override bool IsElementwise => true;

    internal override bool IsStoredInTraining => false;

    internal override Bounds? ToBounds() => Bounds.Relu;
}
