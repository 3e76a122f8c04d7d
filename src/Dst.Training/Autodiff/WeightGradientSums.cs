using Dst.Kernels;

namespace Dst.Training.Autodiff;

/// <summary>
/// Partial sums of a packed weight gradient, in the workspace: one array for each part of this rank, or one that several parts add to in
/// turn. They are added up the tree of <see cref="Ranks.RankGroup"/>.
/// </summary>
/// <param name="context">Ranks, workspace and vector width.</param>
/// <param name="partsOfSum">Parts that add to one array.</param>
internal readonly unsafe struct WeightGradientSums(NodeContext context, int partsOfSum)
{
    /// <summary>Arrays of this rank.</summary>
    public int Count => context.Ranks.PartCount / partsOfSum;

    /// <summary>The first array; the sum of all after <see cref="Combine"/>.</summary>
    public float* First => Array(0);

    /// <summary>Floats from one array to the next.</summary>
    public nint Pitch => (nint)(Array(1) - Array(0));

    /// <summary>The array of a part.</summary>
    public float* Of(int part) => Array((part - context.Ranks.FirstPart) / partsOfSum);

    /// <summary>Adds up the arrays from element <paramref name="first"/> on. Different runs may be added up at once.</summary>
    public void Combine(long first, long length)
    {
        for (var distance = 1; distance < Count; distance *= 2)
        {
            for (var i = 0; i < Count; i += 2 * distance)
                Elementwise.Accumulate(context.Tier, Array(i + distance) + first, length, Array(i) + first);
        }
    }

    private float* Array(int index) => context.Workspace.Partial(index);
}
