using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// Stochastic pooling (<see cref="StochasticPool"/>). In training a window gives one of its positive values, chosen with a probability in
/// proportion to it; otherwise the mean over that choice, Σ r² / Σ r with r = max(x, 0).
/// </summary>
/// <inheritdoc cref="PoolOp" path="/param"/>
public sealed record StochasticPoolOp(
    int Kernel, int Stride, int Padding = 0, bool CeilMode = false, int? KernelWidth = null, int? StrideWidth = null,
    WindowSides? Sides = null)
    : PoolOp(Kernel, Stride, Padding, CeilMode, KernelWidth, StrideWidth, Sides);
