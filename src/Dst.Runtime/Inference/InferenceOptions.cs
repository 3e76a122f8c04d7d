using Dst.Kernels.Simd;

namespace Dst.Runtime.Inference;

/// <summary>How a network is compiled for inference.</summary>
public sealed record InferenceOptions
{
    /// <summary>
    /// Images that run together, 1 to <see cref="InferencePlan.MaxBatch"/>. The plan is tuned for this number; a session takes any number.
    /// </summary>
    public int Batch { get; init; } = 1;

    /// <summary>Vector width: by default the widest that this processor has; a narrower one is legal.</summary>
    public SimdTier Tier { get; init; } = SimdTiers.Best;

    /// <summary>Whether the forms of each convolution are measured. If not, a cost model chooses, the same way each time.</summary>
    public bool Tune { get; init; } = true;

    /// <summary>Keeps measurements for later compilations, also of other processes; null measures each time.</summary>
    public PlanCache? Cache { get; init; }

    /// <summary>Whether masks are ignored: pruned weights are multiplied as zeros, as in a dense network.</summary>
    public bool Dense { get; init; }

    /// <summary>
    /// Whether layers with a mask take forms that skip pruned weights, where there are any. If not, they take the fastest form, which may
    /// be a dense one.
    /// </summary>
    public bool Sparse { get; init; }

    /// <summary>
    /// Largest difference of a logit that forms which round more may cause, relative to the largest logit of a random image: 0 to 1. These
    /// are Winograd and FFT forms, and weights of 16 bits. 0 takes plain forms alone, which add products as the definition does.
    /// </summary>
    public double ErrorBound { get; init; } = 1e-3;

    /// <summary>
    /// Whether an image with a NaN or an infinity is refused. If not, it is computed like any other. Outputs must be finite in either case,
    /// but networks of 8-bit integers, and functions with bounds such as tanh, make finite outputs of such an image too.
    /// </summary>
    public bool RefuseNonFinite { get; init; } = true;
}
