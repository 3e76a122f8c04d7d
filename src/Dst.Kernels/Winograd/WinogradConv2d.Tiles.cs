using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>The walk over tiles: images to the transform domain and back.</content>
public sealed unsafe partial class WinogradConv2d
{
    private TileWalk InputWalk => new(Shape.ChannelBlocks, Shape.Height, Shape.Width, -Shape.Padding, _points, Tile * Shape.Stride, _inputPitch);

    private TileWalk OutputWalk => new(Shape.FilterBlocks, Shape.OutHeight, Shape.OutWidth, 0, Tile, Tile, _outputPitch);

    /// <summary>Transforms the window of each tile of each plane; what lies outside of the image counts as zero.</summary>
    [SkipLocalsInit]
    private void Gather<T, TStep>(TileWalk walk, TileRows rows, float* x, float* tiles)
        where T : unmanaged, ILanes<T>
        where TStep : IWinogradStep<T>
    {
        var window = stackalloc float[WinogradTransform.LargestTile * Layout.Block];
        for (var i = 0; i < rows.Count * walk.Blocks; i++)
        {
            var (row, block) = (i / walk.Blocks, i % walk.Blocks);
            var plane = PlaneOf(walk, rows.First + row, block, x);
            var top = (rows.First + row) % RowsPerImage * walk.Step + walk.Origin;
            var tile = tiles + TileOffset(block, rows.Place + row);
            for (var left = walk.Origin; left < walk.Origin + _tileColumns * walk.Step; left += walk.Step, tile += Layout.Block)
            {
                var source = walk.Contains(top, left)
                    ? new VectorSquare(plane + walk.Offset(top, left), walk.RowPitch, Layout.Block)
                    : CopyWindow<T>(walk, top, left, plane, window);
                WinogradTransform.Apply<T, TStep>(source, new(tile, _points * walk.TilePitch, walk.TilePitch));
            }
        }
    }

    /// <summary>Transforms each tile back and writes it, or adds it, to its window of the plane; what lies outside is dropped.</summary>
    [SkipLocalsInit]
    private void Scatter<T, TStep, TWrite>(TileWalk walk, TileRows rows, float* tiles, float* x)
        where T : unmanaged, ILanes<T>
        where TStep : IWinogradStep<T>
        where TWrite : IWriteStep<T>
    {
        var window = stackalloc float[WinogradTransform.LargestTile * Layout.Block];
        for (var i = 0; i < rows.Count * walk.Blocks; i++)
        {
            var (row, block) = (i / walk.Blocks, i % walk.Blocks);
            var plane = PlaneOf(walk, rows.First + row, block, x);
            var top = (rows.First + row) % RowsPerImage * walk.Step + walk.Origin;
            var tile = tiles + TileOffset(block, rows.Place + row);
            for (var left = walk.Origin; left < walk.Origin + _tileColumns * walk.Step; left += walk.Step, tile += Layout.Block)
            {
                var source = new VectorSquare(tile, _points * walk.TilePitch, walk.TilePitch);
                if (TWrite.Overwrites && walk.Contains(top, left))
                {
                    WinogradTransform.Apply<T, TStep>(source, new(plane + walk.Offset(top, left), walk.RowPitch, Layout.Block));
                    continue;
                }

                WinogradTransform.Apply<T, TStep>(source, new(window, walk.Window * Layout.Block, Layout.Block));
                WriteWindow<T, TWrite>(walk, top, left, window, plane);
            }
        }
    }

    private float* PlaneOf(TileWalk walk, int row, int block, float* x) => x + ((nint)(row / RowsPerImage) * walk.Blocks + block) * walk.PlaneLength;

    private nint TileOffset(int block, int row) => ((nint)block * Capacity + row) * _tileColumns * Layout.Block;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static VectorSquare CopyWindow<T>(TileWalk walk, int top, int left, float* x, float* window) where T : unmanaged, ILanes<T>
    {
        var to = window;
        for (var row = top; row < top + walk.Window; row++)
        {
            for (var column = left; column < left + walk.Window; column++, to += Layout.Block)
                T.Store(to, (uint)row < (uint)walk.Height && (uint)column < (uint)walk.Width ? T.Load(x + walk.Offset(row, column)) : T.Zero);
        }

        return new(window, walk.Window * Layout.Block, Layout.Block);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteWindow<T, TWrite>(TileWalk walk, int top, int left, float* window, float* x)
        where T : unmanaged, ILanes<T>
        where TWrite : IWriteStep<T>
    {
        int firstColumn = Math.Max(0, left), endColumn = Math.Min(walk.Width, left + walk.Window);
        for (var row = Math.Max(0, top); row < Math.Min(walk.Height, top + walk.Window); row++)
        {
            var from = window + ((row - top) * walk.Window + firstColumn - left) * Layout.Block;
            var to = x + walk.Offset(row, firstColumn);
            for (var column = firstColumn; column < endColumn; column++, from += Layout.Block, to += Layout.Block) TWrite.Write(to, T.Load(from));
        }
    }

    /// <summary>Planes of one side of the layer and the window that a tile has in them, one every Step pixels.</summary>
    private readonly record struct TileWalk(int Blocks, int Height, int Width, int Origin, int Window, int Step, int TilePitch)
    {
        public int RowPitch => Width * Layout.Block;

        public nint PlaneLength => (nint)Height * RowPitch;

        public nint Offset(int row, int column) => ((nint)row * Width + column) * Layout.Block;

        public bool Contains(int top, int left) => top >= 0 && left >= 0 && top + Window <= Height && left + Window <= Width;
    }

    private interface IWriteStep<T>
    {
        static abstract bool Overwrites { get; }

        static abstract void Write(float* destination, T value);
    }

    private readonly struct StoreStep<T> : IWriteStep<T> where T : unmanaged, ILanes<T>
    {
        public static bool Overwrites => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Write(float* destination, T value) => T.Store(destination, value);
    }

    private readonly struct AddStep<T> : IWriteStep<T> where T : unmanaged, ILanes<T>
    {
        public static bool Overwrites => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Write(float* destination, T value) => T.Store(destination, T.Add(T.Load(destination), value));
    }

    private readonly struct InputKernel(WinogradConv2d conv, TileRows rows, float* x, float* v) : IFormKernel
    {
        public void Run<T, TPoints, TForm>() where T : unmanaged, ILanes<T> where TPoints : IWinogradPoints<T> where TForm : IWinogradForm =>
            conv.Gather<T, InputStep<T, TPoints>>(conv.InputWalk, rows, x, v);
    }

    private readonly struct OutputGradientKernel(WinogradConv2d conv, TileRows rows, float* dy, float* dm) : IFormKernel
    {
        public void Run<T, TPoints, TForm>() where T : unmanaged, ILanes<T> where TPoints : IWinogradPoints<T> where TForm : IWinogradForm =>
            conv.Gather<T, EvaluateStep<T, TPoints, OutputSide<TForm>>>(conv.OutputWalk, rows, dy, dm);
    }

    private readonly struct OutputKernel(WinogradConv2d conv, TileRows rows, float* m, float* y) : IFormKernel
    {
        public void Run<T, TPoints, TForm>() where T : unmanaged, ILanes<T> where TPoints : IWinogradPoints<T> where TForm : IWinogradForm =>
            conv.Scatter<T, EvaluateTransposedStep<T, TPoints, OutputSide<TForm>>, StoreStep<T>>(conv.OutputWalk, rows, m, y);
    }

    private readonly struct InputGradientKernel(WinogradConv2d conv, TileRows rows, float* dv, float* dx) : IFormKernel
    {
        public void Run<T, TPoints, TForm>() where T : unmanaged, ILanes<T> where TPoints : IWinogradPoints<T> where TForm : IWinogradForm =>
            conv.Scatter<T, InputGradientStep<T, TPoints>, AddStep<T>>(conv.InputWalk, rows, dv, dx);
    }
}
