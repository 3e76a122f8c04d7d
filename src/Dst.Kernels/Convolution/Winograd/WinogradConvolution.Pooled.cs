using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>Outputs whose maximum over 2×2 pixels is all that is kept.</content>
public sealed unsafe partial class WinogradConvolution
{
    /// <summary>
    /// The maximum over 2×2 pixels, 2 apart, of y = Aᵀ M A, and what follows the layer, for some rows of tiles. The bias is added to the
    /// maximum, which gives the same: rounding keeps the order.
    /// </summary>
    /// <param name="rows">Which rows of the images, and where in M.</param>
    /// <param name="m"><see cref="OutputTilesLength"/> floats.</param>
    /// <param name="epilogue">What follows the layer, with a bias and without a residual.</param>
    /// <param name="y">Maxima [N, O/16, OutHeight / 2, OutWidth / 2, 16].</param>
    /// <param name="blocks">Blocks of 16 filters whose outputs are wanted, or null for all.</param>
    /// <exception cref="ArgumentException">Windows do not cover each tile or the map, or there is no bias, or a residual.</exception>
    public void TransformOutputPooled(TileRows rows, float* m, Epilogue epilogue, float* y, (int First, int End)? blocks = null)
    {
        CheckRoom(rows);
        if (!Form.CanPool || Shape.OutHeight % 2 > 0 || Shape.OutWidth % 2 > 0)
            throw new ArgumentException($"windows of 2×2 pixels do not cover the tiles of {Form} or the map of {Shape}");
        if (epilogue.Bias == null || epilogue.Residual != null)
            throw new ArgumentException("an epilogue with a bias and without a residual was expected");
        RunFilter(new PooledOutputKernel(this, OutputWalkOf(blocks), rows, m, epilogue, y));
    }

    [SkipLocalsInit]
    private void ScatterPooled<T, TTransform>(TileWalk walk, TileRows rows, float* tiles, Epilogue epilogue, float* y)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        var room = stackalloc float[StripLength + (2 * StripTiles * SquareTransform.LargestRow + 1) * Layout.Block];
        var strip = Layout.Align(room);
        var pixels = strip + StripLength;
        var (height, width) = (walk.Height / 2, walk.Width / 2);
        for (var i = 0; i < rows.Count * walk.WantedBlocks; i++)
        {
            var (row, block) = walk.PlaceOf(i);
            var (image, top) = ((rows.First + row) / RowsPerImage, (rows.First + row) % RowsPerImage * TTransform.Out);
            var plane = y + ((nint)image * walk.Blocks + block) * height * width * Layout.Block;
            var tile = tiles + TileOffset(walk, block, rows.Place + row);
            var whole = WholeTiles<T, TTransform>(walk, top);
            if (whole > 0)
                OutputTiles<T>.RunPooled(
                    whole, tile, walk.TilePitch, epilogue.From(block, 0), plane + (nint)top / 2 * width * Layout.Block,
                    width * Layout.Block);
            for (var first = whole; first < _tileColumns; first += StripTiles)
            {
                var (count, left) = (Math.Min(StripTiles, _tileColumns - first), first * TTransform.Out);
                nint rowPitch = count * TTransform.Out * Layout.Block;
                ScatterColumns<T, TTransform>(walk, count, tile + first * Layout.Block, strip);
                for (var r = 0; r < Math.Min(TTransform.Out, walk.Height - top); r += 2)
                {
                    TransformTwoRows<T, TTransform>(count, strip + r * count * TTransform.In * Layout.Block, pixels);
                    PoolTwoRows<T>(
                        Math.Min(count * TTransform.Out, walk.Width - left) / 2, pixels, rowPitch, epilogue.From(block, 0),
                        plane + ((nint)(top + r) / 2 * width + left / 2) * Layout.Block);
                }
            }
        }
    }

    /// <summary>Two rows of each tile of a strip, [row][tile][In][16], to pixels [row][tile][Out][16].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformTwoRows<T, TTransform>(int tiles, float* strip, float* pixels)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        for (var i = 0; i < 2 * tiles; i++, strip += TTransform.In * Layout.Block, pixels += TTransform.Out * Layout.Block)
            TTransform.Apply(strip, Layout.Block, pixels, Layout.Block);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PoolTwoRows<T>(int windows, float* pixels, nint rowPitch, Epilogue epilogue, float* y)
        where T : unmanaged, ILanes<T>
    {
        T bias = T.Load(epilogue.Bias), least = T.Broadcast(epilogue.Bounds.Least), most = T.Broadcast(epilogue.Bounds.Most);
        for (var end = y + (nint)windows * Layout.Block; y < end; y += Layout.Block, pixels += 2 * Layout.Block)
        {
            var upper = T.Max(T.Load(pixels), T.Load(pixels + Layout.Block));
            var lower = T.Max(T.Load(pixels + rowPitch), T.Load(pixels + rowPitch + Layout.Block));
            T.Store(y, T.Clip(T.Add(T.Max(upper, lower), bias), least, most));
        }
    }

    private readonly struct PooledOutputKernel(
        WinogradConvolution conv, TileWalk walk, TileRows rows, float* m, Epilogue epilogue, float* y) : IFilterKernel
    {
        void IFilterKernel.Run<T, TPoints, TFilter>() =>
            conv.ScatterPooled<T, EvaluateTransposedTransform<T, TPoints, OutputSide<TFilter>>>(walk, rows, m, epilogue, y);
    }
}
