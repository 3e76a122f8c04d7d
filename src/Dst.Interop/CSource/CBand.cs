using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>
/// A convolution and the pooling that alone reads it. For each row of the pooling the convolution computes the rows that it reads, so that
/// no more of its output than these lies in the arena. Where a larger sum never gives a smaller byte,
/// a maximum over 2×2 pixels needs no row.
/// </summary>
/// <param name="Convolution">The convolution.</param>
/// <param name="Pooling">The pooling.</param>
/// <param name="Rows">Rows of the convolution in the arena: those for a row of the pooling, or 0.</param>
internal sealed record CBand(LoweredNode Convolution, LoweredNode Pooling, int Rows)
{
    /// <summary>
    /// The most pixels that a convolution computes together on any target, PIXELS of tile.c. Fewer are computed one by one.
    /// </summary>
    private const int WidestTile = 8;

    /// <summary>Whether each window is computed on its own, and only its largest sum becomes a byte.</summary>
    public bool KeepsMaximaAlone => Rows == 0;

    /// <summary>All of a program.</summary>
    public static IEnumerable<CBand> Of(LoweredProgram program)
    {
        var readers = program.Nodes.SelectMany(node => node.Reads.Distinct(), (node, value) => (node, value))
            .ToLookup(pair => pair.value, pair => pair.node);
        foreach (var node in program.Nodes)
        {
            if (node is not { Operation: Conv2dOp, Residual: null } || node.Output == program.Output) continue;
            if (readers[node.Output].ToList() is not [{ Operation: PoolOp pool } pooling]) continue;
            var window = pool.ShapeFor(program.Values[node.Output].Shape);
            if (pool is MaxPoolOp && window.IsHalving && node.Integers?.ToBytes is { KeepsOrder: true }) yield return new(node, pooling, 0);
            else if (ReadsEachRowOnce(window) && window.OutHeight > 1 && window.KernelHeight * window.Width >= WidestTile)
                yield return new(node, pooling, window.KernelHeight);
        }
    }

    private static bool ReadsEachRowOnce(WindowShape window) =>
        window.KernelHeight == window.Stride && window.Sides is { Top: 0, Bottom: 0 } && !window.CeilMode;
}
