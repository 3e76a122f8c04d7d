using Dst.Kernels;

namespace Dst.Graph;

/// <summary>Maximum over a window; padding never wins.</summary>
/// <inheritdoc cref="PoolOp" path="/param"/>
public sealed record MaxPoolOp(
    int Kernel, int Stride, int Padding = 0, bool CeilMode = false, int? KernelWidth = null, int? StrideWidth = null,
    WindowSides? Sides = null)
    : PoolOp(Kernel, Stride, Padding, CeilMode, KernelWidth, StrideWidth, Sides)
{
    internal override ByteForm OnBytes(FeatureShape input) => ByteForm.Moves;
}
