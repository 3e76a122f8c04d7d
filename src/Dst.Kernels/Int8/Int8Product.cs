using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Pairs of 16-bit elements that lie side by side.</summary>
/// <param name="Offset">Where the first pixel finds the first pair.</param>
/// <param name="Pairs">How many.</param>
internal readonly record struct PairSegment(int Offset, int Pairs);

/// <summary>Takes the sums of sixteen filters at each pixel of a register tile.</summary>
internal interface ISumOutput<T> where T : unmanaged, IIntLanes<T>
{
    /// <summary>Pixels from one row to the next.</summary>
    int Columns { get; }

    /// <summary>Takes the sums of one pixel.</summary>
    void Store(T sums, int pixel);
}

/// <summary>The register-blocked loops of a product of weights [pairs][16][2] and pixels [pixel][8 pairs].</summary>
internal static unsafe class Int8Product
{
    /// <summary>Pairs from one pixel to the next.</summary>
    public const int Pairs = Layout.Block / 2;

    /// <summary>Pixels of the widest register tile for some that are left of a row.</summary>
    public static int WidthOf<T>(int pixels) where T : unmanaged, IIntLanes<T>
    {
        var width = T.Pixels;
        while (width > pixels) width /= 2;
        return width;
    }

    /// <summary>The sums of sixteen filters at some pixels.</summary>
    /// <typeparam name="T">Lanes.</typeparam>
    /// <typeparam name="TWeight">Signed byte or short.</typeparam>
    /// <typeparam name="TOutput">What takes the sums.</typeparam>
    /// <param name="width">Number of pixels, of <see cref="WidthOf"/>.</param>
    /// <param name="segments">The pairs of a pixel.</param>
    /// <param name="weights">The weights of all pairs.</param>
    /// <param name="source">The first pixel.</param>
    /// <param name="output">Takes the sums.</param>
    public static void Run<T, TWeight, TOutput>(int width, PairSegment[] segments, TWeight* weights, int* source, in TOutput output)
        where T : unmanaged, IIntLanes<T>
        where TWeight : unmanaged
        where TOutput : ISumOutput<T>
    {
        switch (width)
        {
            case 16:
                Tile<T, Int8TileJoin<T, Int8TileJoin<T, Int8Tile4<T>, Int8Tile4<T>>, Int8TileJoin<T, Int8Tile4<T>, Int8Tile4<T>>>, TWeight,
                    TOutput>(segments, weights, source, 0, output);
                break;
            case 8: Tile<T, Int8TileJoin<T, Int8Tile4<T>, Int8Tile4<T>>, TWeight, TOutput>(segments, weights, source, 0, output); break;
            case 4: Tile<T, Int8Tile4<T>, TWeight, TOutput>(segments, weights, source, 0, output); break;
            case 2: Tile<T, Int8Tile2<T>, TWeight, TOutput>(segments, weights, source, 0, output); break;
            default: Tile<T, Int8Tile1<T>, TWeight, TOutput>(segments, weights, source, 0, output); break;
        }
    }

    /// <summary>The sums of sixteen filters at some pixels of each of four rows.</summary>
    /// <typeparam name="T">Lanes.</typeparam>
    /// <typeparam name="TOutput">What takes the sums.</typeparam>
    /// <param name="width">Number of pixels of a row: 4, 2 or 1.</param>
    /// <param name="segments">The pairs of a pixel.</param>
    /// <param name="weights">The weights of all pairs.</param>
    /// <param name="source">The first pixel.</param>
    /// <param name="rowPitch">Pairs from one row of pixels to the next.</param>
    /// <param name="output">Takes the sums.</param>
    public static void RunRows<T, TOutput>(
        int width, PairSegment[] segments, sbyte* weights, int* source, nint rowPitch, in TOutput output)
        where T : unmanaged, IIntLanes<T>
        where TOutput : ISumOutput<T>
    {
        switch (width)
        {
            case 4: Tile<T, Int8TileRows<T, Int8Tile4<T>>, sbyte, TOutput>(segments, weights, source, rowPitch, output); break;
            case 2: Tile<T, Int8TileRows<T, Int8Tile2<T>>, sbyte, TOutput>(segments, weights, source, rowPitch, output); break;
            default: Tile<T, Int8TileRows<T, Int8Tile1<T>>, sbyte, TOutput>(segments, weights, source, rowPitch, output); break;
        }
    }

    /// <summary>The innermost loop: for each pair of taps one load of 32 weights, and one multiply-add for each pixel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile<T, TTile, TWeight, TOutput>(
        PairSegment[] segments, TWeight* weights, int* source, nint rowPitch, in TOutput output)
        where T : unmanaged, IIntLanes<T>
        where TTile : unmanaged, IInt8Tile<T>
        where TWeight : unmanaged
        where TOutput : ISumOutput<T>
    {
        TTile tile = default;
        foreach (var segment in segments)
        {
            var pairs = source + segment.Offset;
            for (var end = pairs + segment.Pairs; pairs < end; pairs++, weights += 2 * Layout.Block)
                tile.MultiplyAdd(pairs, rowPitch, Load<T, TWeight>(weights));
        }

        tile.Store(output, 0);
    }

    /// <summary>The JIT compiles the branch of the type alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Load<T, TWeight>(TWeight* weights)
        where T : unmanaged, IIntLanes<T>
        where TWeight : unmanaged =>
        typeof(TWeight) == typeof(sbyte) ? T.Pairs((sbyte*)weights) : T.Load((int*)weights);
}
