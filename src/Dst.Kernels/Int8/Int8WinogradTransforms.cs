using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The transforms of Winograd forms in whole numbers, for one image. Transformed inputs lie in scratch memory.</summary>
internal readonly unsafe struct Int8WinogradTransforms(
    Int8Layer layer, Int8WinogradTiles tiling, byte* x, byte* residual, void* y, int* scratch)
{
    /// <summary>The transformed inputs of a position.</summary>
    public int* InputsOf(int position) => scratch + tiling.PaddedLength + (nint)position * tiling.InputPitch;

    /// <summary>Copies the image, with its padding around it.</summary>
    public void Pad()
    {
        var shape = layer.Shape;
        var to = (byte*)scratch;
        var row = tiling.PaddedColumns * Layout.Block;
        var (height, width) =
            (Math.Min(shape.Height, tiling.PaddedRows - shape.Padding), Math.Min(shape.Width, tiling.PaddedColumns - shape.Padding));
        new Span<byte>(to, tiling.PaddedLength * sizeof(int)).Fill(layer.Padding);
        for (var block = 0; block < shape.ChannelBlocks; block++)
        {
            var inside = to + ((long)block * tiling.PaddedRows + shape.Padding) * row + shape.Padding * Layout.Block;
            var from = x + (long)block * shape.Height * shape.Width * Layout.Block;
            for (var r = 0; r < height; r++, inside += row, from += shape.Width * Layout.Block)
                Unsafe.CopyBlockUnaligned(inside, from, (uint)(width * Layout.Block));
        }
    }

    /// <summary>V = Bᵀ d B.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Input<TPoints>(int firstTile, int count) where TPoints : IInt8Points
    {
        var room = stackalloc short[(TPoints.Count * TPoints.Count + 2) * Layout.Block];
        var half = Layout.Align(room);
        nint pitch = 2 * tiling.InputPitch, rowPitch = tiling.PaddedColumns * Layout.Block;
        for (var block = 0; block < layer.Shape.ChannelBlocks; block++)
        {
            var plane = (byte*)scratch + (long)block * tiling.PaddedRows * rowPitch;
            var to = (short*)InputsOf(0) + (long)block * tiling.PlanePitch * 2;
            for (var tile = firstTile; tile < firstTile + count; tile++, to += Layout.Block)
            {
                var (row, column) = Math.DivRem(tile, tiling.Columns);
                var from = plane + row * tiling.Step * rowPitch + column * tiling.Step * Layout.Block;
                for (var i = 0; i < TPoints.Count; i++)
                    TPoints.Input(from + i * Layout.Block, rowPitch, half + i * Layout.Block, TPoints.Count * Layout.Block);
                for (var i = 0; i < TPoints.Count; i++)
                    TPoints.Input(half + i * TPoints.Count * Layout.Block, Layout.Block, to + i * TPoints.Count * pitch, pitch);
            }
        }
    }

    /// <summary>Aᵀ M A, and what becomes of the sums.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Output<T, TPoints>(int b, int* sums, int firstTile, int count)
        where T : unmanaged, IIntLanes<T>
        where TPoints : IInt8Points
    {
        var room = stackalloc int[(TPoints.Tile * (TPoints.Count + TPoints.Tile) + 1) * Layout.Block];
        var half = Layout.Align(room);
        var outputs = half + TPoints.Tile * TPoints.Count * Layout.Block;
        var (shape, inverse) = (layer.Shape, InverseOf(TPoints.Factor * TPoints.Factor));
        var output = new Int8Output(shape, layer.Pools, layer.Result.OfBlock(b), b, residual, y);
        var pitch = tiling.OutputPitch;
        for (var tile = firstTile; tile < firstTile + count; tile++, sums += Layout.Block)
        {
            for (var i = 0; i < TPoints.Count; i++)
                TPoints.Output<T, SumOutput<T>>(sums + i * pitch, TPoints.Count * pitch, new(half + i * TPoints.Tile * Layout.Block));
            var (top, left) = (tile / tiling.Columns * TPoints.Tile, tile % tiling.Columns * TPoints.Tile);
            var (rows, columns) = (Math.Min(TPoints.Tile, shape.OutHeight - top), Math.Min(TPoints.Tile, shape.OutWidth - left));
            for (var i = 0; i < rows; i++)
                TPoints.Output<T, ScaledOutput<T, TPoints>>(
                    half + i * Layout.Block, TPoints.Tile * Layout.Block,
                    new(outputs + i * TPoints.Tile * Layout.Block, inverse, TPoints.ShiftOf(i)));
            output.Store<T>(outputs, TPoints.Tile, top, left, rows, columns);
        }
    }

    /// <summary>The inverse of an odd number modulo 2^32: each step doubles the bits that are right, three at first.</summary>
    private static int InverseOf(int odd)
    {
        var inverse = odd;
        for (var bits = 3; bits < 32; bits *= 2) inverse *= 2 - odd * inverse;
        return inverse;
    }

    /// <summary>The sums of neighbouring tiles.</summary>
    private readonly struct SumOutput<T>(int* sums) : ISumOutput<T> where T : unmanaged, IIntLanes<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(T of, int pixel) => T.Store(sums + pixel * Layout.Block, of);
    }

    /// <summary>The sums of a row of a tile, without the factors that the transforms bring.</summary>
    private readonly struct ScaledOutput<T, TPoints>(int* sums, int inverse, int shift) : ISumOutput<T>
        where T : unmanaged, IIntLanes<T>
        where TPoints : IInt8Points
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(T of, int output)
        {
            if (TPoints.Factor != 1) of = T.Multiply(of, inverse);
            T.Store(sums + output * Layout.Block, T.ShiftRight(of, shift + TPoints.ShiftOf(output)));
        }
    }
}
