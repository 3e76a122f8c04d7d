using Dst.Kernels.Simd;

namespace Dst.Runtime.Inference;

/// <summary>How a network is compiled for inference.</summary>
public sealed record InferenceOptions
{
    /// <summary>
    /// Images that run together, and for which the plan is tuned; a session takes any number, this many at a time. At least 1.
    /// </summary>
    public int Batch { get; init; } = 1;

    /// <summary>Vector width; the widest that this processor has, or a narrower one.</summary>
    public SimdTier Tier { get; init; } = SimdTiers.Best;

    /// <summary>
    /// Whether the forms of each convolution are measured on this machine; otherwise a fixed cost model chooses, the same each time.
    /// </summary>
    public bool Tune { get; init; } = true;

    /// <summary>Where measurements are looked up and kept for other processes, or null to measure anew each time.</summary>
    public PlanCache? Cache { get; init; }

    /// <summary>Whether masks are ignored: pruned weights are multiplied as zeros, as a dense network would.</summary>
    public bool Dense { get; init; }

    /// <summary>
    /// Whether layers with a mask take only forms that skip what it prunes; otherwise the fastest form, which may be a dense one.
    /// </summary>
    public bool Sparse { get; init; }

    /// <summary>Whether an image with a NaN or infinity is an error rather than computed with.</summary>
    public bool RefuseNonFinite { get; init; }
}
