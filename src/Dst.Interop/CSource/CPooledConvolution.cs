using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>
/// A convolution and the pooling that alone reads it, computed together: the convolution's output is never in the arena as a whole.
/// </summary>
/// <param name="Convolution">The convolution.</param>
/// <param name="Pooling">The pooling.</param>
/// <param name="RowsInArena">Rows of the convolution's output that are in the arena at a time.</param>
internal abstract record CPooledConvolution(LoweredNode Convolution, LoweredNode Pooling, int RowsInArena)
{
    /// <summary>
    /// The most pixels that a convolution computes together on any target, PIXELS of tile.c. Fewer are computed one by one.
    /// </summary>
    private const int WidestTile = 8;

    /// <summary>All that a program has.</summary>
    public static IEnumerable<CPooledConvolution> AllOf(LoweredProgram program)
    {
        var readers = program.Nodes.SelectMany(node => node.Reads.Distinct(), (node, value) => (node, value))
            .ToLookup(pair => pair.value, pair => pair.node);
        foreach (var node in program.Nodes)
        {
            if (node is not { Operation: Conv2dOp, Residual: null } || node.Output == program.Output) continue;
            if (readers[node.Output].ToList() is not [{ Operation: PoolOp pool } pooling]) continue;
            var window = pool.ShapeFor(program.Values[node.Output].Shape);
            if (pool is MaxPoolOp && window.IsTwoByTwo && node.Integers?.ToBytes is { KeepsOrder: true })
                yield return new CMaxima(node, pooling);
            else if (ReadsEachRowOnce(window) && window.OutHeight > 1 && window.KernelHeight * window.Width >= WidestTile)
                yield return new CRows(node, pooling, window.KernelHeight);
        }
    }

    private static bool ReadsEachRowOnce(WindowShape window) =>
        window.KernelHeight == window.Stride && window.Sides is { Top: 0, Bottom: 0 } && !window.CeilMode;
}

/// <summary>For each row of the pooling, the convolution computes the rows that it reads.</summary>
/// <param name="Convolution">The convolution.</param>
/// <param name="Pooling">The pooling.</param>
/// <param name="Rows">Rows of the convolution for a row of the pooling.</param>
internal sealed record CRows(LoweredNode Convolution, LoweredNode Pooling, int Rows) : CPooledConvolution(Convolution, Pooling, Rows)
{
    /// <summary>How many rows of a value lie between what one row of the pooling needs and what the next one needs.</summary>
    public int RowStepOf(string value) =>
        value == Pooling.Output ? 1
        : value == Convolution.Inputs[0] ? Rows * ((Conv2dOp)Convolution.Operation).Stride
        : 0;
}

/// <summary>
/// The convolution computes the 2×2 pixels of a window together and keeps the largest sum of each filter, which alone becomes a byte. That
/// is the maximum of their bytes where a larger sum never gives a smaller byte.
/// </summary>
/// <param name="Convolution">The convolution of bytes.</param>
/// <param name="Pooling">The maximum over 2×2 pixels.</param>
internal sealed record CMaxima(LoweredNode Convolution, LoweredNode Pooling) : CPooledConvolution(Convolution, Pooling, RowsInArena: 0);
