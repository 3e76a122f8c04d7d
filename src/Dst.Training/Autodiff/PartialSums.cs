using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff;

/// <summary>
/// Partial sums of a packed weight gradient, in the workspace: one array for each part of a batch, or one that several parts add to in
/// turn. They are added up the tree of <see cref="Ranks.RankGroup"/>.
/// </summary>
/// <param name="context">Ranks, workspace and vector width.</param>
/// <param name="count">Number of arrays: <see cref="WorkerPool.Parts"/>, or half of it.</param>
internal readonly unsafe struct PartialSums(NodeContext context, int count)
{
    /// <summary>The first array of this rank; the sum of all in the end.</summary>
    public float* Total => context.Workspace.Partial(First);

    private int First => context.Ranks.FirstPart * count / WorkerPool.Parts;

    private int End => context.Ranks.EndPart * count / WorkerPool.Parts;

    /// <summary>The array of a part.</summary>
    public float* Of(int part) => context.Workspace.Partial(part * count / WorkerPool.Parts);

    /// <summary>Adds up the arrays of this rank from element <paramref name="first"/> on. Different runs may be added up at once.</summary>
    public void Combine(long first, long length)
    {
        for (var distance = 1; distance < End - First; distance *= 2)
        {
            for (var i = First; i < End; i += 2 * distance)
                Elementwise.Accumulate(
                    context.Tier, context.Workspace.Partial(i + distance) + first, length, context.Workspace.Partial(i) + first);
        }
    }

    /// <summary>Adds the totals of all ranks.</summary>
    public void Exchange(int length) => context.Ranks.Sum(new Span<float>(Total, length));
}
