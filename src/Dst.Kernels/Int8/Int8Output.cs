using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Where the results of one block of filters go.</summary>
/// <param name="shape">Sizes of the layer.</param>
/// <param name="pools">Whether only the largest byte of each 2×2 pixels is kept.</param>
/// <param name="result">What becomes of the sums of the block.</param>
/// <param name="block">The block.</param>
/// <param name="residual">Bytes that are added, from the first of the map on, or null.</param>
/// <param name="y">The map: bytes or floats.</param>
internal readonly unsafe struct Int8Output(
    Conv2dShape shape, bool pools, LaneResult result, int block, byte* residual, void* y)
{
    private readonly LaneResult _result = result;
    private readonly int _height = shape.OutHeight;
    private readonly int _width = shape.OutWidth;

    /// <summary>Writes the results of a tile of the layer's output.</summary>
    /// <param name="sums">[row][pixel][16].</param>
    /// <param name="pitch">Pixels of a row of the sums.</param>
    /// <param name="top">The first row in the output.</param>
    /// <param name="left">The first pixel of a row.</param>
    /// <param name="rows">Rows to write.</param>
    /// <param name="columns">Pixels of a row to write.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<T>(int* sums, int pitch, int top, int left, int rows, int columns) where T : unmanaged, IIntLanes<T>
    {
        if (pools)
        {
            var to = (byte*)y + PlaceOf(_height / 2, _width / 2, top / 2, left / 2);
            _result.StoreLargest<T>(sums, pitch, rows / 2, columns / 2, to, _width / 2 * Layout.Block);
        }
        else
        {
            _result.StoreTile<T>(
                sums, pitch, rows, columns, residual, y, PlaceOf(_height, _width, top, left), _width * Layout.Block);
        }
    }

    private long PlaceOf(int height, int width, int row, int column) =>
        (((long)block * height + row) * width + column) * Layout.Block;
}
