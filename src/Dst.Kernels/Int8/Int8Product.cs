using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>32-bit elements of a pixel that lie side by side.</summary>
/// <param name="Offset">Where the first pixel finds the first one.</param>
/// <param name="Count">How many.</param>
internal readonly record struct Segment(int Offset, int Count);

/// <summary>
/// The register-blocked loops of a product of weights [element][16][channels of an element] and pixels [pixel][elements of 16 channels].
/// </summary>
internal static unsafe class Int8Product
{
    /// <summary>Elements from one pixel to the next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ElementsOf<T>() where T : unmanaged, ISumLanes<T> => Layout.Block / T.Channels;

    /// <summary>What a pixel reads, from what the first one reads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int* At<TPitch>(int* first, int pixel) where TPitch : IPixelPitch => (int*)((byte*)first + (nint)pixel * TPitch.Bytes);

    /// <summary>Pixels of the widest register tile for some that are left of a row.</summary>
    public static int WidthOf<T>(int pixels) where T : unmanaged, ISumLanes<T>
    {
        var width = T.Pixels;
        while (width > pixels) width /= 2;
        return width;
    }

    /// <summary>The sums of sixteen filters at some pixels.</summary>
    /// <typeparam name="T">Lanes.</typeparam>
    /// <typeparam name="TPitch">From one pixel to the next.</typeparam>
    /// <typeparam name="TWeight">Signed byte or short.</typeparam>
    /// <param name="pixels">Number of pixels.</param>
    /// <param name="segments">The elements of a pixel.</param>
    /// <param name="weights">The weights of all elements.</param>
    /// <param name="source">The first pixel.</param>
    /// <param name="sums">[pixel][16].</param>
    public static void Run<T, TPitch, TWeight>(int pixels, Segment[] segments, TWeight* weights, int* source, int* sums)
        where T : unmanaged, ISumLanes<T>
        where TPitch : IPixelPitch
        where TWeight : unmanaged
    {
        while (pixels > 0)
        {
            var width = WidthOf<T>(pixels);
            var tiles = pixels / width;
            Int8RegisterTiles.Run<T, SegmentLoop<T, TPitch, TWeight>>(width, new(tiles, segments, weights, source, 0, sums));
            pixels -= tiles * width;
            source = At<TPitch>(source, tiles * width);
            sums += tiles * width * Layout.Block;
        }
    }

    /// <summary>The sums of sixteen filters at some tiles, of pairs of channels anywhere.</summary>
    /// <typeparam name="T">Lanes.</typeparam>
    /// <param name="count">Number of tiles.</param>
    /// <param name="pairs">Where the first tile has each pair, in bytes.</param>
    /// <param name="weights">The weights of all pairs.</param>
    /// <param name="source">The first tile.</param>
    /// <param name="sums">[tile][16].</param>
    public static void RunPairs<T>(int count, int[] pairs, short* weights, int* source, int* sums)
        where T : unmanaged, ISumLanes<T>
    {
        for (int tile = 0, width; tile < count; tile += width)
        {
            width = WidthOf<T>(count - tile);
            Int8RegisterTiles.Run<T, PairLoop<T>>(
                width, new(pairs, weights, (byte*)(source + tile * ElementsOf<T>()), sums + tile * Layout.Block));
        }
    }

    /// <summary>The sums of sixteen filters at some pixels of each of four rows.</summary>
    /// <typeparam name="T">Lanes.</typeparam>
    /// <typeparam name="TPitch">From one pixel to the next.</typeparam>
    /// <param name="width">Number of pixels of a row: 4, 2 or 1.</param>
    /// <param name="segments">The elements of a pixel.</param>
    /// <param name="weights">The weights of all elements.</param>
    /// <param name="source">The first pixel.</param>
    /// <param name="rowPitch">Elements from one row of pixels to the next.</param>
    /// <param name="sums">[row][pixel][16].</param>
    public static void RunRows<T, TPitch>(int width, Segment[] segments, sbyte* weights, int* source, nint rowPitch, int* sums)
        where T : unmanaged, ISumLanes<T>
        where TPitch : IPixelPitch =>
        Int8RegisterTiles.RunRows<T, SegmentLoop<T, TPitch, sbyte>>(width, new(1, segments, weights, source, rowPitch, sums));

    /// <summary>
    /// The innermost loop: for each element one load of the weights of sixteen filters, and one multiply-add for each pixel. What becomes
    /// of the sums is another method's work, as the JIT keeps no sum in a register through a loop if it finds too much to inline behind it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tiles<T, TTile, TPitch, TWeight>(
        int count, Segment[] segments, TWeight* weights, int* source, nint rowPitch, int* sums)
        where T : unmanaged, ISumLanes<T>
        where TTile : unmanaged, IInt8Accumulators<T>
        where TPitch : IPixelPitch
        where TWeight : unmanaged
    {
        for (; count > 0; count--, source = At<TPitch>(source, TTile.Width), sums += TTile.Width * Layout.Block)
        {
            TTile tile = default;
            var from = weights;
            foreach (var segment in segments)
            {
                var elements = source + segment.Offset;
                for (var end = elements + segment.Count; elements < end; elements++, from += T.Channels * Layout.Block)
                    tile.MultiplyAdd<TPitch>(elements, rowPitch, Load<T, TWeight>(from));
            }

            tile.Store(sums);
        }
    }

    /// <summary>The innermost loop over pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void PairTile<T, TTile>(int[] pairs, short* weights, byte* source, int* sums)
        where T : unmanaged, ISumLanes<T>
        where TTile : unmanaged, IInt8Accumulators<T>
    {
        TTile tile = default;
        foreach (var pair in pairs)
        {
            tile.MultiplyAdd<BlockPitch<T>>((int*)(source + pair), 0, T.Load((int*)weights));
            weights += T.Channels * Layout.Block;
        }

        tile.Store(sums);
    }

    private readonly struct SegmentLoop<T, TPitch, TWeight>(
        int count, Segment[] segments, TWeight* weights, int* source, nint rowPitch, int* sums) : IInt8Loop<T>
        where T : unmanaged, ISumLanes<T>
        where TPitch : IPixelPitch
        where TWeight : unmanaged
    {
        public void Run<TTile>() where TTile : unmanaged, IInt8Accumulators<T> =>
            Tiles<T, TTile, TPitch, TWeight>(count, segments, weights, source, rowPitch, sums);
    }

    private readonly struct PairLoop<T>(int[] pairs, short* weights, byte* source, int* sums) : IInt8Loop<T>
        where T : unmanaged, ISumLanes<T>
    {
        public void Run<TTile>() where TTile : unmanaged, IInt8Accumulators<T> => PairTile<T, TTile>(pairs, weights, source, sums);
    }

    /// <summary>The JIT compiles the branch of the type alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Load<T, TWeight>(TWeight* weights)
        where T : unmanaged, ISumLanes<T>
        where TWeight : unmanaged =>
        typeof(TWeight) == typeof(sbyte) ? T.Weights((sbyte*)weights) : T.Load((int*)weights);
}
