using Dst.Kernels.Simd;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff;

/// <summary>What training computes with: the caller makes one and passes it on.</summary>
/// <param name="Pool">Threads; not disposed.</param>
/// <param name="Tier">Vector width.</param>
public sealed record ComputeContext(WorkerPool Pool, SimdTier Tier)
{
    /// <summary>The widest vectors of this processor.</summary>
    public ComputeContext(WorkerPool pool) : this(pool, SimdTiers.Best)
    {
    }

    /// <summary>The processes that share each batch.</summary>
    public RankGroup Ranks { get; init; } = RankGroup.Single;
}
