using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>The walk over tiles of one row, in one dimension.</content>
public sealed unsafe partial class WinogradConvolution
{
    /// <summary>
    /// The rows from the <paramref name="done"/>-th on that are one product: all in two dimensions, those of the same image in one.
    /// </summary>
    private TileRows PartOf(TileRows rows, int done)
    {
        var (first, left) = (rows.First + done, rows.Count - done);
        return new(first, rows.Place + done, Form.IsOneDimensional ? Math.Min(left, RowsPerImage - first % RowsPerImage) : left);
    }

    /// <summary>Where a part of an image begins: behind the rows that the parts before it reach beyond their outputs.</summary>
    private int PlaceOf(TileWalk walk, TileRows part)
    {
        var rowOfPlaceZero = ((part.First - part.Place) % RowsPerImage + RowsPerImage) % RowsPerImage;
        return part.Place + (part.Place + rowOfPlaceZero) / RowsPerImage * walk.Reach;
    }

    /// <summary>Transforms the window of each tile of each plane; what lies outside of the image counts as zero.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void GatherRows<T, TTransform>(TileWalk walk, TileRows rows, float* x, float* tiles)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        var room = stackalloc float[StripLength + Layout.Block];
        var strip = Layout.Align(room);
        for (var done = 0; done < rows.Count;)
        {
            var part = PartOf(rows, done);
            var (top, place) = (part.First % RowsPerImage + walk.Origin, PlaceOf(walk, part));
            for (var i = 0; i < walk.Blocks * (part.Count + walk.Reach); i++)
            {
                var (block, row) = Math.DivRem(i, part.Count + walk.Reach);
                var plane = PlaneOf(walk, part.First, block, x);
                var tile = tiles + TileOffset(walk, block, place + row);
                for (var first = 0; first < _tileColumns; first += StripTiles)
                {
                    var count = Math.Min(StripTiles, _tileColumns - first);
                    CopyRow<T>(walk, plane, top + row, first * walk.Step + walk.Origin, (count - 1) * walk.Step + TTransform.In, strip);
                    TransformRow<T, TTransform>(count, strip, walk.Step * Layout.Block, tile + first * Layout.Block, walk.TilePitch);
                }
            }

            done += part.Count;
        }
    }

    /// <summary>Copies a part of a row of the plane, with zeros outside. To treat the tiles at the edges apart costs more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyRow<T>(TileWalk walk, float* plane, int row, int left, int columns, float* to) where T : unmanaged, ILanes<T>
    {
        var isInside = row >= 0 && row < walk.Height;
        var begin = isInside ? Math.Clamp(-left, 0, columns) : columns;
        var end = isInside ? Math.Clamp(walk.Width - left, begin, columns) : columns;
        for (var c = 0; c < begin; c++) T.Store(to + c * Layout.Block, T.Zero);
        for (var c = begin; c < end; c++) T.Store(to + c * Layout.Block, T.Load(plane + walk.Offset(row, left + c)));
        for (var c = end; c < columns; c++) T.Store(to + c * Layout.Block, T.Zero);
    }

    /// <summary>
    /// Transforms each tile back and writes it to its window of the plane; what lies outside is dropped. Rows that an earlier part of the
    /// image has written, and everywhere with <paramref name="accumulate"/>, are added to.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScatterRows<T, TTransform>(TileWalk walk, TileRows rows, float* tiles, bool accumulate, Epilogue epilogue, float* x)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        for (var done = 0; done < rows.Count;)
        {
            var part = PartOf(rows, done);
            var (top, place) = (part.First % RowsPerImage + walk.Origin, PlaceOf(walk, part));
            for (var block = walk.Wanted.First; block < walk.Wanted.End; block++)
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
