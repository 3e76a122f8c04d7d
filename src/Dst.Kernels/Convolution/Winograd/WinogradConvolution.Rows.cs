using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>The walk over tiles of one row, in one dimension.</content>
public sealed unsafe partial class WinogradConvolution
{
    /// <summary>
    /// The rows from the <paramref name="done"/>-th on that are one product: in two dimensions all, in one dimension those of the same image.
    /// </summary>
    private TileRows PartOf(TileRows rows, int done)
    {
        var (first, left) = (rows.First + done, rows.Count - done);
        return new(first, rows.Place + done, Form.IsOneDimensional ? Math.Min(left, RowsPerImage - first % RowsPerImage) : left);
    }

    /// <summary>Where the first row of a part of an image is: behind the rows that the parts before it reach beyond their outputs.</summary>
    private int PlaceOf(TileWalk walk, TileRows part)
    {
        var rowOfPlaceZero = ((part.First - part.Place) % RowsPerImage + RowsPerImage) % RowsPerImage;
        return part.Place + (part.Place + rowOfPlaceZero) / RowsPerImage * walk.Reach;
    }

    /// <summary>Transforms the window of each tile of each plane; what lies outside of the image counts as zero.</summary>
    private void GatherRows<T, TTransform>(TileWalk walk, TileRows rows, float* x, float* tiles)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        for (var done = 0; done < rows.Count;)
        {
            var part = PartOf(rows, done);
            var (top, place) = (part.First % RowsPerImage + walk.Origin, PlaceOf(walk, part));
            for (var block = 0; block < walk.Blocks; block++)
            {
                var plane = PlaneOf(walk, part.First, block, x);
                for (var row = 0; row < part.Count + walk.Reach; row++)
                {
                    var tile = tiles + TileOffset(walk, block, place + row);
                    if (top + row >= 0 && top + row < walk.Height) GatherRow<T, TTransform>(walk, _tileColumns, plane, top + row, tile);
                    else for (var i = 0; i < TTransform.Out; i++) new Span<float>(tile + i * walk.TilePitch, RowOffset(1)).Clear();
                }
            }

            done += part.Count;
        }
    }

    /// <summary>Transforms the windows of a row of the plane.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GatherRow<T, TTransform>(TileWalk walk, int tiles, float* plane, int row, float* to)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        var windowRoom = stackalloc float[(SquareTransform.LargestSide + 1) * Layout.Block];
        var window = Layout.Align(windowRoom);
        for (var left = walk.Origin; tiles > 0; tiles--, left += walk.Step, to += Layout.Block)
        {
            if (left >= 0 && left + TTransform.In <= walk.Width)
            {
                TTransform.Apply(plane + walk.Offset(row, left), Layout.Block, to, walk.TilePitch);
                continue;
            }

            for (var c = 0; c < TTransform.In; c++)
            {
                var isInside = left + c >= 0 && left + c < walk.Width;
                T.Store(window + c * Layout.Block, isInside ? T.Load(plane + walk.Offset(row, left + c)) : T.Zero);
            }

            TTransform.Apply(window, Layout.Block, to, walk.TilePitch);
        }
    }

    /// <summary>
    /// Transforms each tile back and writes it to its window of the plane; what lies outside is dropped. Rows that an earlier part of the
    /// image has written, and everywhere with <paramref name="accumulate"/>, are added to.
    /// </summary>
    private void ScatterRows<T, TTransform>(TileWalk walk, TileRows rows, float* tiles, bool accumulate, Epilogue epilogue, float* x)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        for (var done = 0; done < rows.Count;)
        {
            var part = PartOf(rows, done);
            var (top, place) = (part.First % RowsPerImage + walk.Origin, PlaceOf(walk, part));
            for (var block = 0; block < walk.Blocks; block++)
            {
                var plane = PlaneOf(walk, part.First, block, x);
                for (var row = Math.Max(0, -top); row < Math.Min(part.Count + walk.Reach, walk.Height - top); row++)
                {
                    var isAdded = accumulate || (top > walk.Origin && row < walk.Reach);
                    var tile = tiles + TileOffset(walk, block, place + row);
                    ScatterTileRow<T, TTransform>(walk, _tileColumns, tile, top + row, isAdded, plane);
                    if (epilogue.IsEmpty) continue;
                    var pixel = plane + walk.Offset(top + row, 0);
                    epilogue.From(block, pixel - x).Apply<T>(pixel, walk.Width);
                }
            }

            done += part.Count;
        }
    }

    /// <summary>Transforms tiles of one row back to a row of the plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScatterTileRow<T, TTransform>(TileWalk walk, int tiles, float* tile, int row, bool isAdded, float* plane)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T> =>
        ScatterRow<T, TTransform>(walk, tiles, tile, Layout.Block, walk.TilePitch, row, walk.Origin, isAdded, plane);
}
