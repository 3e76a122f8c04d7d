using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// Mean over a window. With <c>CountPadding</c> the zeros of the padding count; without it the mean is over the input's pixels alone.
/// Nothing beyond the padding counts.
/// </summary>
/// <inheritdoc cref="PoolOp" path="/param"/>
public sealed record AvgPoolOp(
    int Kernel, int Stride, int Padding = 0, bool CountPadding = true, bool CeilMode = false, int? KernelWidth = null,
    int? StrideWidth = null, WindowSides? Sides = null)
    : PoolOp(Kernel, Stride, Padding, CeilMode, KernelWidth, StrideWidth, Sides)
{
    internal override ByteForm OnBytes(FeatureShape input) => ByteForm.Rescales;
}
