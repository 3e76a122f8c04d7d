using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The register-blocked loops of a product of weights [channels][16] and tiles [C/16][tile][16].</summary>
internal static unsafe class TileProduct
{
    /// <summary>destination[tile][16] = Σ over channels of tile scalar × 16 weights.</summary>
    /// <typeparam name="T">Lanes.</typeparam>
    /// <typeparam name="TWeight">Float, or short: integers of 16 bits.</typeparam>
    /// <param name="widths">Register tiles that the row of tiles is cut into.</param>
    /// <param name="offsets">Offset of each channel's scalar from the source of a tile.</param>
    /// <param name="channels">Number of channels.</param>
    /// <param name="weights">[channels][16].</param>
    /// <param name="scales">What the sums of each of the 16 filters are multiplied by; not read if weights are floats.</param>
    /// <param name="source">First tile of the first channel.</param>
    /// <param name="destination">First tile.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<T, TWeight>(
        int[] widths, int* offsets, int channels, TWeight* weights, float* scales, float* source, float* destination)
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged
    {
        foreach (var width in widths)
        {
            Run<T, TWeight>(width, offsets, channels, weights, scales, source, destination);
            source += width * Layout.Block;
            destination += width * Layout.Block;
        }
    }

    /// <summary>As above, for one register tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<T, TWeight>(
        int width, int* offsets, int channels, TWeight* weights, float* scales, float* source, float* destination)
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged
    {
        switch (width)
        {
            case 16:
                Tile<T, Join<T, Join<T, Four<T>, Four<T>>, Join<T, Four<T>, Four<T>>>, TWeight>(
                    offsets, channels, weights, scales, source, destination);
                break;
            case 12:
                Tile<T, Join<T, Join<T, Four<T>, Four<T>>, Four<T>>, TWeight>(offsets, channels, weights, scales, source, destination);
                break;
            case 8: Tile<T, Join<T, Four<T>, Four<T>>, TWeight>(offsets, channels, weights, scales, source, destination); break;
            case 7:
                Tile<T, Join<T, Four<T>, Join<T, Two<T>, One<T>>>, TWeight>(offsets, channels, weights, scales, source, destination);
                break;
            case 6: Tile<T, Join<T, Four<T>, Two<T>>, TWeight>(offsets, channels, weights, scales, source, destination); break;
            case 5: Tile<T, Join<T, Four<T>, One<T>>, TWeight>(offsets, channels, weights, scales, source, destination); break;
            case 4: Tile<T, Four<T>, TWeight>(offsets, channels, weights, scales, source, destination); break;
            case 3: Tile<T, Join<T, Two<T>, One<T>>, TWeight>(offsets, channels, weights, scales, source, destination); break;
            case 2: Tile<T, Two<T>, TWeight>(offsets, channels, weights, scales, source, destination); break;
            default: Tile<T, One<T>, TWeight>(offsets, channels, weights, scales, source, destination); break;
        }
    }

    /// <summary>
    /// Adds, for a few channels, the sum over all tiles of the channel's scalar × 16 filters' gradients; the sums stay in registers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Correlate<T, TTaps>(int tiles, float* source, int* offsets, float* gradient, float* sums)
        where T : unmanaged, ILanes<T>
        where TTaps : unmanaged, ITapAccumulators<T>
    {
        TTaps taps = default;
        taps.Load(sums, offsets);
        for (var end = gradient + (nint)tiles * Layout.Block; gradient < end; gradient += Layout.Block, source += Layout.Block)
            taps.MultiplyAdd(source, T.Load(gradient));
        taps.Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<T, TTile, TWeight>(
        int* offsets, int channels, TWeight* weights, float* scales, float* source, float* destination)
        where T : unmanaged, ILanes<T>
        where TTile : unmanaged, IAccumulators<T>
        where TWeight : unmanaged
    {
        TTile tile = default;
        for (var end = offsets + channels; offsets < end; offsets++, weights += Layout.Block)
            tile.MultiplyAdd(source + *offsets, Layout.Block, Load<T, TWeight>(weights));
        if (typeof(TWeight) == typeof(short)) tile.Multiply(T.Load(scales));
        tile.Store(destination, Layout.Block);
    }

    /// <summary>The JIT compiles the branch of the type alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Load<T, TWeight>(TWeight* weights)
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged =>
        typeof(TWeight) == typeof(short) ? T.Load((short*)weights) : T.Load((float*)weights);
}
