using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// How tiles cover the maps of a layer. They are counted from the top left of the first image, row by row, and on through the images that
/// follow.
/// </summary>
/// <param name="Shape">Sizes of the layer.</param>
/// <param name="Size">Rows and columns of inputs of a tile.</param>
/// <param name="Rows">Tiles from top to bottom.</param>
/// <param name="Columns">Tiles from left to right.</param>
internal readonly unsafe record struct FftTiling(Conv2dShape Shape, int Size, FftAxis Rows, FftAxis Columns)
{
    /// <summary>The tiles of a layer in a form.</summary>
    public static FftTiling Of(FftForm form, Conv2dShape shape) => new(shape, form.Size, form.AxisOfRows(shape), form.AxisOfColumns(shape));

    /// <summary>Tiles of an image.</summary>
    public int TilesPerImage => Rows.Tiles * Columns.Tiles;

    /// <summary>What a tile reads of a block of channels.</summary>
    public TileWindow InputWindow(int tile, int block, float* x)
    {
        var (image, row, column) = PlaceOf(tile);
        return TileWindow.Of(
            x + ((long)image * Shape.ChannelBlocks + block) * Shape.Height * Shape.Width * Layout.Block, Shape.Height, Shape.Width,
            row * Rows.Step - Shape.Padding, column * Columns.Step - Shape.Padding, Size, Size);
    }

    /// <summary>What a tile writes of a block of filters.</summary>
    public TileWindow OutputWindow(int tile, int block, float* y)
    {
        var (image, row, column) = PlaceOf(tile);
        return TileWindow.Of(
            y + ((long)image * Shape.FilterBlocks + block) * Shape.OutHeight * Shape.OutWidth * Layout.Block, Shape.OutHeight,
            Shape.OutWidth, row * Rows.Step, column * Columns.Step, Rows.Step, Columns.Step);
    }

    /// <summary>Applies what follows a layer to the outputs of a tile, in place.</summary>
    public void Finish<T>(int tile, int block, Epilogue epilogue, float* y) where T : unmanaged, ILanes<T>
    {
        if (epilogue.IsEmpty) return;
        var window = OutputWindow(tile, block, y);
        for (var row = 0; row < window.EndRow; row++)
        {
            var pixel = window.At(row, 0);
            epilogue.From(block, pixel - y).Apply<T>(pixel, window.EndColumn);
        }
    }

    private (int Image, int Row, int Column) PlaceOf(int tile)
    {
        var (image, ofImage) = Math.DivRem(tile, TilesPerImage);
        return (image, ofImage / Columns.Tiles, ofImage % Columns.Tiles);
    }
}
