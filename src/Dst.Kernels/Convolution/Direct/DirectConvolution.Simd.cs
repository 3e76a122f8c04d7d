using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

public sealed unsafe partial class DirectConvolution
{
    /// <summary>
    /// Runs a pass: for each block of 16 output channels, image (or some images) and row, one register tile after another.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<T, TWeight>(
        TapPass pass, int images, float* source, TWeight* weights, InitialValues initial, Epilogue epilogue, float* destination)
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged
    {
        var (sourcePitch, pitch) = (pass.Source, pass.Destination);
        var blockPitch = pass.Scatter is null ? pitch.Block : 0;
        for (int b = 0, blocks; b < pass.Blocks; b += blocks)
        {
            blocks = b / 2 < pass.Pairs ? 2 : 1;
            for (int n = 0, together; n < images; n += together)
            {
                together = pass.ImagesTogether(images - n);
                var tiles = together > 1 ? pass.BatchTiles : blocks > 1 ? pass.PairTiles : pass.Tiles;
                for (var r = 0; r < pass.Rows; r++)
                {
                    var rowSource = source + (long)n * sourcePitch.Image + r * sourcePitch.Row;
                    var row = destination + (long)n * pitch.Image + (long)b * blockPitch + pitch.Start + r * pitch.Row;
                    var rows = pass.KernelRows[r];
                    var columns = new KernelRange(-1, -1);
                    TapList<TWeight> list = default, next = default;
                    foreach (var tile in tiles)
                    {
                        if (pass.Scatter is null && tile.KernelColumns != columns)
                        {
                            list = new(pass.Taps, b, rows, columns = tile.KernelColumns, weights);
                            if (blocks > 1) next = new(pass.Taps, b + 1, rows, columns, weights);
                        }

                        var pixelSource = rowSource + tile.Column * sourcePitch.Pixel;
                        var pixel = row + (long)tile.Column * pitch.Pixel;
                        for (var i = 0; i < (tile.AcrossImages ? 1 : together); i++, pixelSource += sourcePitch.Image, pixel += pitch.Image)
                        {
                            var width = tile.AcrossImages ? together : tile.Width;
                            var pixels = new TilePixels(
                                pixelSource, sourcePitch.Image, initial.Of(b), initial.ScalesOf(b), pixel,
                                tile.AcrossImages ? pitch.Image : pitch.Pixel,
                                epilogue.From(0, pixel - destination));
                            if (blocks > 1)
                            {
                                var ofNext = pixels.Next(initial.Of(b + 1), blockPitch);
                                Pair<T, TWeight>(pass, tile.AcrossImages, width, tile.Count, list, next, pixels, ofNext);
                            }
                            else if (pass.Scatter is not null) TileOfLists<T>(pass, b, rows, tile, width, (float*)weights, pixels);
                            else Tile<T, TWeight>(pass, tile.AcrossImages, width, tile.Count, list, pixels);
                        }
                    }
                }
            }
        }
    }

    private static void Tile<T, TWeight>(
        TapPass pass, bool acrossImages, int width, int count, in TapList<TWeight> taps, in TilePixels pixels)
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged
    {
        if (acrossImages) RegisterTiles.Run<T, TileLoop<T, ImagePitch, TWeight>>(width, new(count, in taps, in pixels));
        else if (pass.Source.Pixel == 1) RegisterTiles.Run<T, TileLoop<T, PlanePitch, TWeight>>(width, new(count, in taps, in pixels));
        else RegisterTiles.Run<T, TileLoop<T, PixelPitch, TWeight>>(width, new(count, in taps, in pixels));
    }

    /// <summary>Computes one list after another and adds its 16 lanes to their channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TileOfLists<T>(
        TapPass pass, int block, KernelRange rows, in RowTile tile, int width, float* weights, in TilePixels pixels)
        where T : unmanaged, ILanes<T>
    {
        var scatter = pass.Scatter!;
        var sums = stackalloc float[RowTiles.WidestOfPair * Layout.Block];
        var zero = stackalloc float[Layout.Block];
        T.Store(zero, T.Zero);
        var toSums = new TilePixels(pixels.Source, pixels.ImagePitch, zero, null, sums, Layout.Block, Epilogue.None);
        for (var list = scatter.FirstList[block]; list < scatter.FirstList[block + 1]; list++)
        {
            var taps = new TapList<float>(pass.Taps, list, rows, tile.KernelColumns, weights);
            if (taps.IsEmpty) continue;
            Tile<T, float>(pass, tile.AcrossImages, width, 1, taps, toSums);
            for (var target = scatter.FirstTarget[list]; target < scatter.FirstTarget[list + 1]; target++)
            {
                var lanes = Pointer(scatter.Lanes) + (long)target * Layout.Block;
                var destination = pixels.Destination + (long)scatter.TargetBlock[target] * pass.Destination.Block;
                for (var p = 0; p < width; p++, destination += pixels.Pitch)
                    T.Store(
                        destination, T.Add(T.Load(destination), T.Pick(T.Load(sums + p * Layout.Block), lanes)));
            }
        }
    }

    /// <summary>The innermost loop, for some tiles: each tap is one load of 16 weights and one multiply-add for each pixel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<T, TTile, TPitch, TWeight>(int count, in TapList<TWeight> taps, in TilePixels pixels)
        where T : unmanaged, ILanes<T>
        where TTile : unmanaged, IAccumulators<T>
        where TPitch : struct, ISourcePitch
        where TWeight : unmanaged
    {
        var source = pixels.Source;
        var pitch = TPitch.Of(pixels);
        for (nint offset = 0, step = TTile.Width * pixels.Pitch; count > 0; count--, offset += step, source += TTile.Width * pitch)
        {
            TTile tile = default;
            if (typeof(TWeight) != typeof(short))
                tile.Load(pixels.Initial + (pixels.InitialPitch == 0 ? 0 : offset), pixels.InitialPitch);
            var start = taps.Start;
            for (var run = taps.Runs; run > 0; run--, start += taps.RunPitch)
            {
                var weights = taps.Weights + (long)start[0] * Layout.Block;
                var offsets = taps.Offsets + start[0];
                for (var end = taps.Offsets + start[taps.RunLength]; offsets < end; offsets++, weights += Layout.Block)
                {
                    Prefetch.Ahead(weights);
                    tile.MultiplyAdd(source + *offsets, pitch, RoundedWeights.Load<T, TWeight>(weights));
                }
            }

            if (typeof(TWeight) == typeof(short))
            {
                tile.Multiply(T.Load(pixels.Scales));
                tile.Add(pixels.Initial, 0);
            }

            if (pixels.Residual != null) tile.Add(pixels.Residual + offset, pixels.Pitch);
            if (pixels.IsClipped) tile.Clip(T.Broadcast(pixels.Bounds.Least), T.Broadcast(pixels.Bounds.Most));
            tile.Store(pixels.Destination + offset, pixels.Pitch);
        }
    }

    private readonly ref struct TileLoop<T, TPitch, TWeight>(
        int count, ref readonly TapList<TWeight> taps, ref readonly TilePixels pixels) : ITileLoop<T>
        where T : unmanaged, ILanes<T>
        where TPitch : struct, ISourcePitch
        where TWeight : unmanaged
    {
        private readonly ref readonly TapList<TWeight> _taps = ref taps;
        private readonly ref readonly TilePixels _pixels = ref pixels;

        public void Run<TTile>() where TTile : unmanaged, IAccumulators<T> =>
            Tile<T, TTile, TPitch, TWeight>(count, in _taps, in _pixels);
    }

    private static int* Pointer(int[] pinned) => (int*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));

    /// <summary>Floats between the sources of a tile's pixels.</summary>
    private interface ISourcePitch
    {
        static abstract nint Of(in TilePixels pixels);
    }

    /// <summary>Neighbours in a row, a constant to the JIT.</summary>
    private readonly struct PixelPitch : ISourcePitch
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static nint Of(in TilePixels pixels) => Layout.Block;
    }

    /// <summary>Neighbours in a row of a plane, which holds one channel.</summary>
    private readonly struct PlanePitch : ISourcePitch
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static nint Of(in TilePixels pixels) => 1;
    }

    /// <summary>The same pixel of several images.</summary>
    private readonly struct ImagePitch : ISourcePitch
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static nint Of(in TilePixels pixels) => pixels.ImagePitch;
    }

    /// <summary>
    /// What the sums start from: 16 values a block (a bias, or the same zeros for all), or what the destination holds. Sums of integers
    /// are scaled first, by the scales of a block's filters.
    /// </summary>
    private readonly struct InitialValues(float* values, int blockPitch, float* scales = null)
    {
        private readonly float* _values = values;
        private readonly int _blockPitch = blockPitch;
        private readonly float* _scales = scales;

        public static InitialValues Destination => new(null, 0);

        public float* Of(int block) => _values + (long)block * _blockPitch;

        public float* ScalesOf(int block) => _scales + (long)block * Layout.Block;
    }

    /// <summary>
    /// Where the pixels of a tile come from, what they start from (null: the destination), where they go and what follows.
    /// </summary>
    private readonly struct TilePixels(
        float* source, nint imagePitch, float* initial, float* scales, float* destination, nint pitch, Epilogue epilogue)
    {
        public readonly float* Source = source;
        public readonly nint ImagePitch = imagePitch;
        public readonly float* Initial = initial == null ? destination : initial;
        public readonly nint InitialPitch = initial == null ? pitch : 0;
        public readonly float* Scales = scales;
        public readonly float* Destination = destination;
        public readonly nint Pitch = pitch;
        public readonly float* Residual = epilogue.Residual;
        public readonly Bounds Bounds = epilogue.Bounds;
        public readonly bool IsClipped = epilogue.Bounds != Bounds.None;

        /// <summary>The same pixels of the next block of output channels.</summary>
        public TilePixels Next(float* initial, nint blockPitch) =>
            new(
                Source, ImagePitch, InitialPitch == 0 ? initial : null, Scales + Layout.Block, Destination + blockPitch, Pitch,
                new(null, Residual == null ? null : Residual + blockPitch, Bounds));
    }

    /// <summary>
    /// The taps that a tile uses: <see cref="Runs"/> runs of neighbours in a list. The n-th goes from <c>Start[n · RunPitch]</c> to
    /// <c>Start[n · RunPitch + RunLength]</c>. A run is a row of the kernel, or all its rows where no column is left out.
    /// </summary>
    private readonly struct TapList<TWeight> where TWeight : unmanaged
    {
        public readonly int* Offsets;
        public readonly TWeight* Weights;
        public readonly int* Start;
        public readonly int* Common;
        public readonly int Runs;
        public readonly int RunLength;
        public readonly int RunPitch;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TapList(TapTable taps, int list, KernelRange rows, KernelRange columns, TWeight* weights)
        {
            Offsets = Pointer(taps.Offsets) + taps.First[list];
            Weights = weights + taps.FirstWeight[list];
            Start = Pointer(taps.PositionStart) + (long)list * taps.Positions + rows.First * taps.KernelWidth + columns.First;
            Common = Pointer(taps.Common) + (long)(list / 2) * (taps.Positions - 1) + rows.First * taps.KernelWidth + columns.First;
            RunPitch = taps.KernelWidth;
            var isWhole = columns.End - columns.First == taps.KernelWidth;
            Runs = isWhole ? 1 : rows.End - rows.First;
            RunLength = isWhole ? (rows.End - rows.First) * taps.KernelWidth : columns.End - columns.First;
        }

        /// <summary>Whether no run has any tap.</summary>
        public bool IsEmpty
        {
            get
            {
                for (var run = 0; run < Runs; run++)
                {
                    if (Start[run * RunPitch] < Start[run * RunPitch + RunLength]) return false;
                }

                return true;
            }
        }
    }
}
