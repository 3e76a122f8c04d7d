using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The part of a plane [height, width, 16] that a tile covers; elsewhere the tile is zero, or is dropped.</summary>
/// <param name="Start">Where the first element of the tile would be.</param>
/// <param name="RowPitch">Floats from one row of the plane to the next.</param>
/// <param name="FirstRow">First row of the tile that is in the plane.</param>
/// <param name="EndRow">One past the last.</param>
/// <param name="FirstColumn">First column of the tile that is in the plane.</param>
/// <param name="EndColumn">One past the last.</param>
internal readonly unsafe record struct TileWindow(nint Start, nint RowPitch, int FirstRow, int EndRow, int FirstColumn, int EndColumn)
{
    /// <summary>The window of a plane whose first element is at a row and column of the plane, or outside of it.</summary>
    /// <param name="plane">The plane.</param>
    /// <param name="height">Its rows.</param>
    /// <param name="width">Its columns.</param>
    /// <param name="top">Row of the tile's first element.</param>
    /// <param name="left">Column of the tile's first element.</param>
    /// <param name="rows">Rows of the tile that count.</param>
    /// <param name="columns">Columns of the tile that count.</param>
    public static TileWindow Of(float* plane, int height, int width, int top, int left, int rows, int columns) =>
        new(
            (nint)(plane + ((nint)top * width + left) * Layout.Block), (nint)width * Layout.Block,
            Math.Max(0, -top), Math.Min(rows, height - top), Math.Max(0, -left), Math.Min(columns, width - left));

    /// <summary>Where a column of a row is.</summary>
    public float* At(int row, int column) => (float*)Start + row * RowPitch + column * Layout.Block;

    /// <summary>Whether a row of the tile is in the plane.</summary>
    public bool HasRow(int row) => row >= FirstRow && row < EndRow;

    /// <summary>Whether a row of the tile or the one after it is in the plane.</summary>
    public bool HasRowOfPair(int row) => row + 1 >= FirstRow && row < EndRow;

    /// <summary>A row of <paramref name="columns"/> elements with zeros outside of the plane: in place, or copied to a buffer.</summary>
    public float* Read<T>(int row, int columns, float* buffer) where T : unmanaged, ILanes<T>
    {
        var isInside = HasRow(row);
        if (isInside && FirstColumn == 0 && EndColumn == columns) return At(row, 0);
        var (first, end) = isInside ? (FirstColumn, EndColumn) : (columns, columns);
        for (var c = 0; c < first; c++) T.Store(buffer + c * Layout.Block, T.Zero);
        for (var c = first; c < end; c++) T.Store(buffer + c * Layout.Block, T.Load(At(row, c)));
        for (var c = Math.Max(first, end); c < columns; c++) T.Store(buffer + c * Layout.Block, T.Zero);
        return buffer;
    }

    /// <summary>Writes or adds what of a row is in the plane.</summary>
    public void Write<T>(int row, float* values, bool accumulate) where T : unmanaged, ILanes<T>
    {
        if (!HasRow(row)) return;
        for (var c = FirstColumn; c < EndColumn; c++)
        {
            var value = T.Load(values + c * Layout.Block);
            T.Store(At(row, c), accumulate ? T.Add(T.Load(At(row, c)), value) : value);
        }
    }
}
