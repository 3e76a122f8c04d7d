using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>The walk over tiles: images to the transform domain and back.</content>
public sealed unsafe partial class WinogradConvolution
{
    /// <summary>Tiles of a row whose half-transformed values stay in the first-level cache.</summary>
    private const int StripTiles = 8;

    /// <summary>Floats of a strip: rows and columns of a tile's largest side at most.</summary>
    private const int StripLength = StripTiles * SquareTransform.LargestTile * Layout.Block;

    private TileWalk InputWalk =>
        new(
            Shape.ChannelBlocks, Shape.Height, Shape.Width, Origin: -Shape.Padding, Step: Form.Tile * Shape.Stride, Reach,
            RowsOfBlock: _inputRows, TilePitch: _inputPitch);

    private TileWalk OutputWalk =>
        new(
            Shape.FilterBlocks, Shape.OutHeight, Shape.OutWidth, Origin: 0, Step: Form.Tile, Reach: 0,
            RowsOfBlock: Capacity, TilePitch: _outputPitch);

    /// <summary>The output of some blocks of filters, or of all.</summary>
    private TileWalk OutputWalkOf((int First, int End)? blocks) => OutputWalk with { Wanted = blocks ?? AllBlocks };

    /// <summary>Transforms the window of each tile of each plane; what lies outside of the image counts as zero.</summary>
    [SkipLocalsInit]
    private void Gather<T, TTransform>(TileWalk walk, TileRows rows, float* x, float* tiles)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        if (Form.IsOneDimensional)
        {
            GatherRows<T, TTransform>(walk, rows, x, tiles);
            return;
        }

        var room = stackalloc float[StripLength + Layout.Block];
        var strip = Layout.Align(room);
        for (var i = 0; i < rows.Count * walk.Blocks; i++)
        {
            var (row, block) = (i / walk.Blocks, i % walk.Blocks);
            var plane = PlaneOf(walk, rows.First + row, block, x);
            var top = (rows.First + row) % RowsPerImage * walk.Step + walk.Origin;
            var tile = tiles + TileOffset(walk, block, rows.Place + row);
            for (var first = 0; first < _tileColumns; first += StripTiles)
            {
                var count = Math.Min(StripTiles, _tileColumns - first);
                var columns = (count - 1) * walk.Step + TTransform.In;
                GatherColumns<T, TTransform>(walk, plane, top, first * walk.Step + walk.Origin, columns, strip);
                for (var r = 0; r < TTransform.Out; r++)
                    TransformRow<T, TTransform>(
                        count, strip + r * columns * Layout.Block, walk.Step * Layout.Block,
                        tile + first * Layout.Block + r * TTransform.Out * walk.TilePitch, walk.TilePitch);
            }
        }
    }

    /// <summary>Transforms each column of a strip, once for the tiles that share it: [Out][columns][16].</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GatherColumns<T, TTransform>(TileWalk walk, float* plane, int top, int left, int columns, float* strip)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        nint pitch = columns * Layout.Block;
        int begin = Math.Clamp(-left, 0, columns), end = Math.Clamp(walk.Width - left, begin, columns);
        for (var r = 0; r < TTransform.Out; r++)
        {
            for (var c = 0; c < begin; c++) T.Store(strip + r * pitch + c * Layout.Block, T.Zero);
            for (var c = end; c < columns; c++) T.Store(strip + r * pitch + c * Layout.Block, T.Zero);
        }

        int firstRow = Math.Max(0, -top), endRow = Math.Min(TTransform.In, walk.Height - top);
        if (firstRow == 0 && endRow == TTransform.In)
        {
            for (var c = begin; c < end; c++)
                TTransform.Apply(plane + walk.Offset(top, left + c), walk.RowPitch, strip + c * Layout.Block, pitch);
            return;
        }

        var windowRoom = stackalloc float[(SquareTransform.LargestSide + 1) * Layout.Block];
        var window = Layout.Align(windowRoom);
        for (var r = 0; r < TTransform.In; r++) T.Store(window + r * Layout.Block, T.Zero);
        for (var c = begin; c < end; c++)
        {
            for (var r = firstRow; r < endRow; r++) T.Store(window + r * Layout.Block, T.Load(plane + walk.Offset(top + r, left + c)));
            TTransform.Apply(window, Layout.Block, strip + c * Layout.Block, pitch);
        }
    }

    /// <summary>
    /// Transforms a row of each tile. Tiles are <paramref name="step"/> floats apart in <paramref name="from"/> and 16 floats apart in
    /// <paramref name="to"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformRow<T, TTransform>(int tiles, float* from, nint step, float* to, nint pitch)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        for (; tiles > 0; tiles--, from += step, to += Layout.Block) TTransform.Apply(from, Layout.Block, to, pitch);
    }

    /// <summary>
    /// Transforms each tile back and writes it to its window of the plane; what lies outside is dropped. Where a window overlaps earlier
    /// tiles, and everywhere with <paramref name="accumulate"/>, the values are added.
    /// The walk is that of <see cref="Gather"/>: shared, it would call the work inside through a delegate.
    /// </summary>
    [SkipLocalsInit]
    private void Scatter<T, TTransform>(TileWalk walk, TileRows rows, float* tiles, bool accumulate, Epilogue epilogue, float* x)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        if (Form.IsOneDimensional)
        {
            ScatterRows<T, TTransform>(walk, rows, tiles, accumulate, epilogue, x);
            return;
        }

        var room = stackalloc float[StripLength + Layout.Block];
        var strip = Layout.Align(room);
        for (var i = 0; i < rows.Count * walk.WantedBlocks; i++)
        {
            var (row, block) = walk.PlaceOf(i);
            var plane = PlaneOf(walk, rows.First + row, block, x);
            var top = (rows.First + row) % RowsPerImage * walk.Step + walk.Origin;
            var tile = tiles + TileOffset(walk, block, rows.Place + row);
            var whole = WholeTiles<T, TTransform>(walk, top);
            if (whole > 0)
            {
                var pixel = plane + walk.Offset(top, 0);
                OutputTiles<T>.Run(whole, tile, walk.TilePitch, epilogue.From(block, pixel - x), pixel, walk.RowPitch);
            }

            for (var first = whole; first < _tileColumns; first += StripTiles)
            {
                var count = Math.Min(StripTiles, _tileColumns - first);
                ScatterColumns<T, TTransform>(walk, count, tile + first * Layout.Block, strip);
                for (var r = Math.Max(0, -top); r < Math.Min(TTransform.Out, walk.Height - top); r++)
                {
                    var left = first * walk.Step + walk.Origin;
                    var isAdded = accumulate || (top > walk.Origin && r < TTransform.Out - walk.Step);
                    ScatterStripRow<T, TTransform>(
                        walk, count, strip + r * count * TTransform.In * Layout.Block, top + r, left, isAdded, plane);
                    if (epilogue.IsEmpty) continue;
                    var pixel = plane + walk.Offset(top + r, left);
                    epilogue.From(block, pixel - x).Apply<T>(pixel, Math.Min(count * walk.Step, walk.Width - left));
                }
            }
        }
    }

    /// <summary>Tiles of a row, from the first on, that have all of their outputs and are transformed in registers.</summary>
    private int WholeTiles<T, TTransform>(TileWalk walk, int top) where T : unmanaged, ILanes<T>
    {
        var isOfFourByFour = typeof(TTransform) == typeof(EvaluateTransposedTransform<T, Points6<T>, OutputSide<F4x3>>);
        if (!OutputTiles<T>.AreInRegisters || !isOfFourByFour) return 0;
        return top + F4x3.Tile <= walk.Height ? Math.Min(_tileColumns, walk.Width / F4x3.Tile) : 0;
    }

    /// <summary>Transforms each column of each tile of a strip: [Out][tile][In][16].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScatterColumns<T, TTransform>(TileWalk walk, int tiles, float* tile, float* strip)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        for (var column = 0; column < TTransform.In; column++, strip += Layout.Block)
        {
            for (nint t = 0; t < tiles; t++)
            {
                TTransform.Apply(
                    tile + column * walk.TilePitch + t * Layout.Block, TTransform.In * walk.TilePitch,
                    strip + t * TTransform.In * Layout.Block, tiles * TTransform.In * Layout.Block);
            }
        }
    }

    /// <summary>Transforms one row of each tile of a strip, [tile][In][16], to a row of the plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScatterStripRow<T, TTransform>(
        TileWalk walk, int tiles, float* strip, int row, int left, bool isAdded, float* plane)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T> =>
        ScatterRow<T, TTransform>(walk, tiles, strip, TTransform.In * Layout.Block, Layout.Block, row, left, isAdded, plane);

    /// <summary>
    /// Transforms one row of each tile and writes what lies inside the plane, or adds it where earlier tiles have written. Tiles are
    /// <paramref name="step"/> floats apart, and the vectors of a row <paramref name="pitch"/>: both are constants for a strip.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScatterRow<T, TTransform>(
        TileWalk walk, int tiles, float* from, nint step, nint pitch, int row, int left, bool isAdded, float* plane)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        var windowRoom = stackalloc float[(SquareTransform.LargestRow + 1) * Layout.Block];
        var window = Layout.Align(windowRoom);
        for (; tiles > 0; tiles--, from += step, left += walk.Step)
        {
            var added = isAdded ? TTransform.Out : left == walk.Origin ? 0 : TTransform.Out - walk.Step;
            var to = plane + walk.Offset(row, left);
            if (added == 0 && left >= 0 && left + TTransform.Out <= walk.Width)
            {
                TTransform.Apply(from, pitch, to, Layout.Block);
                continue;
            }

            TTransform.Apply(from, pitch, window, Layout.Block);
            int c = Math.Max(0, -left), end = Math.Min(TTransform.Out, walk.Width - left);
            for (; c < Math.Min(added, end); c++)
                T.Store(to + c * Layout.Block, T.Add(T.Load(to + c * Layout.Block), T.Load(window + c * Layout.Block)));
            for (; c < end; c++) T.Store(to + c * Layout.Block, T.Load(window + c * Layout.Block));
        }
    }

    private float* PlaneOf(TileWalk walk, int row, int block, float* x) =>
        x + ((nint)(row / RowsPerImage) * walk.Blocks + block) * walk.PlaneLength;

    private nint TileOffset(TileWalk walk, int block, int row) => ((nint)block * walk.RowsOfBlock + row) * _tileColumns * Layout.Block;

    /// <summary>The planes of one side of the layer, inputs or outputs, and the tiles in them.</summary>
    /// <param name="Blocks">Planes of an image: blocks of channels.</param>
    /// <param name="Height">Rows of a plane.</param>
    /// <param name="Width">Columns of a plane.</param>
    /// <param name="Origin">Row and column of the first pixel of the first tile.</param>
    /// <param name="Step">Pixels from one tile to the next.</param>
    /// <param name="Reach">Rows of tiles that each part of an image has beyond those of the outputs.</param>
    /// <param name="RowsOfBlock">Rows of tiles of a block in the transform domain.</param>
    /// <param name="TilePitch">Floats from one position of the transform domain to the next.</param>
    private readonly record struct TileWalk(
        int Blocks, int Height, int Width, int Origin, int Step, int Reach, int RowsOfBlock, int TilePitch)
    {
        /// <summary>The planes that are wanted.</summary>
        public (int First, int End) Wanted { get; init; } = (0, Blocks);

        public int WantedBlocks => Wanted.End - Wanted.First;

        public int RowPitch => Width * Layout.Block;

        public nint PlaneLength => (nint)Height * RowPitch;

        public nint Offset(int row, int column) => ((nint)row * Width + column) * Layout.Block;

        /// <summary>Row and block of a number that counts the wanted blocks of each row.</summary>
        public (int Row, int Block) PlaceOf(int i) => (i / WantedBlocks, Wanted.First + i % WantedBlocks);
    }

    private readonly struct InputKernel(WinogradConvolution conv, TileRows rows, float* x, float* v) : IFilterKernel
    {
        void IFilterKernel.Run<T, TPoints, TFilter>() =>
            conv.Gather<T, InputTransform<T, TPoints>>(conv.InputWalk, rows, x, v);
    }

    private readonly struct OutputGradientKernel(WinogradConvolution conv, TileRows rows, float* dy, float* dm) : IFilterKernel
    {
        void IFilterKernel.Run<T, TPoints, TFilter>() =>
            conv.Gather<T, EvaluateTransform<T, TPoints, OutputSide<TFilter>>>(conv.OutputWalk, rows, dy, dm);
    }

    private readonly struct OutputKernel(
        WinogradConvolution conv, TileWalk walk, TileRows rows, float* m, Epilogue epilogue, float* y) : IFilterKernel
    {
        void IFilterKernel.Run<T, TPoints, TFilter>() =>
            conv.Scatter<T, EvaluateTransposedTransform<T, TPoints, OutputSide<TFilter>>>(
                walk, rows, m, accumulate: false, epilogue, y);
    }

    private readonly struct InputGradientKernel(WinogradConvolution conv, TileRows rows, float* dv, bool accumulate, float* dx)
        : IFilterKernel
    {
        void IFilterKernel.Run<T, TPoints, TFilter>() =>
            conv.Scatter<T, InputGradientTransform<T, TPoints>>(conv.InputWalk, rows, dv, accumulate, Epilogue.None, dx);
    }
}
