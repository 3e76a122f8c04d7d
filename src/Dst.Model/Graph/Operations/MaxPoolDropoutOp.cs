using Dst.Kernels;

namespace Dst.Graph;

/// <summary>What max-pooling dropout computes in inference.</summary>
public enum PoolInference
{
    /// <summary>Probabilistic weighted pooling: Σ p·qⁿ⁻ⁱ·aᵢ over the sorted values of a window.</summary>
    Weighted,

    /// <summary>p times the maximum.</summary>
    ScaledMax,
}

/// <summary>
/// Max-pooling dropout (<see cref="MaxPoolDropout"/>). In training each unit is retained with probability <c>Retain</c> (above 0 to 1). A
/// window gives the largest retained unit, or 0; padding never wins. <c>Inference</c> says what it gives otherwise.
/// </summary>
/// <inheritdoc cref="PoolOp" path="/param"/>
public sealed record MaxPoolDropoutOp(
    int Kernel, int Stride, float Retain, int Padding = 0, bool CeilMode = false, int? KernelWidth = null, int? StrideWidth = null,
    WindowSides? Sides = null, PoolInference Inference = PoolInference.Weighted)
    : PoolOp(Kernel, Stride, Padding, CeilMode, KernelWidth, StrideWidth, Sides)
{
    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(Retain is > 0 and <= 1, Invariant($"retains the share {Retain} of its units; expected above 0 to 1"));
        var output = base.OutputShape(inputs, node);
        var area = ShapeFor(inputs[0]).Area;
        node.Expect(area <= MaxPoolDropout.MaxArea,
            $"has a window of {area} positions; expected at most {MaxPoolDropout.MaxArea}, because inference sorts them");
        return output;
    }
}
