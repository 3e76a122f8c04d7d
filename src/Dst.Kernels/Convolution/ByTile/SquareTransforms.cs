using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>F(4×4, 3×3), with 36 products instead of 144. A window begins a pixel before its square and ends one behind it.</summary>
internal unsafe class SquareTransforms<T> : TileTransforms where T : unmanaged, ITileLanes<T>
{
    private const int Count = RowPairs<T>.Points;
    private const int Side = 3; // of a kernel

    public override string Form => "winograd4x4 by tile";

    public override int Points => Count;

    public override int Outputs => Tile;

    public override IReadOnlyList<int[]> KernelRows { get; } = [[0], [0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2], [2]];

    public override int StripLength => Count * Tile;

    public override void Weights(float* kernels, float* factors) =>
        SquareTransform.Apply<Lanes256, EvaluateTransform<Lanes256, Points6<Lanes256>, KernelSide<F4x3>>>(
            new(kernels, Side * Layout.Block, Layout.Block), new(factors, Count * Layout.Block, Layout.Block));

    /// <summary>The columns of the squares as strips, [point][column][tile], and these in rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Input(in TileSquares squares, float* strips, float* v, nint pitch)
    {
        nint strip = squares.Pitch, row = Tile * strip;
        for (var first = 0; first < squares.Tiles; first += T.Count)
        {
            T hasUpper = squares.Mask<T>(side: 0, first), hasLower = squares.Mask<T>(side: 1, first);
            for (var column = 0; column < Tile; column++)
            {
                var x = squares.First + first + column * squares.PlaneLength;
                Points6<T>.Input(
                    new WindowVectors<T>(x, Tile * squares.PlaneLength, squares.Columns, hasUpper, hasLower),
                    strips + column * strip + first, row);
            }
        }

        for (var first = 0; first < squares.Tiles; first += T.Count)
        {
            T hasLeft = squares.Mask<T>(side: 2, first), hasRight = squares.Mask<T>(side: 3, first);
            for (var i = 0; i < Count; i++)
                Points6<T>.Input(
                    new WindowVectors<T>(strips + i * row + first, strip, 1, hasLeft, hasRight), v + first + i * Count * pitch, pitch);
        }
    }

    public override void Output(TileProducts products, TileEnding ending, PlanePlace residual, PlanePlace y)
    {
        if (residual.First == null) Output(products, new OutputRows<T, NoTileSum<T>>(ending, default, y));
        else Output(products, new OutputRows<T, ResidualTileSum<T>>(ending, residual, y));
    }

    private static void Output<TRows>(TileProducts products, TRows rows) where TRows : struct, IOutputRows<T>
    {
        RowPairs<T>.Write<EvenRows<T>, TRows>(products, rows);
        RowPairs<T>.Write<OddRows<T>, TRows>(products, rows);
    }
}
