using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Cuts a row of output pixels into register tiles.</summary>
internal static class RowTiles
{
    /// <summary>
    /// Time of each tile width relative to one pixel at the machine's peak. From measurements: a tile is at the peak when it has
    /// at least four 512-bit or eight 256-bit accumulators (the latency of a fused multiply-add) and they fit in the registers.
    /// </summary>
    private static readonly (int Width, double Cost)[] Tiles = Simd.Simd.Tier switch
    {
        SimdTier.V512 => [(16, 16.4), (8, 8.5), (7, 7.5), (6, 6.5), (5, 5.5), (4, 4.5), (3, 4.3), (2, 4.2), (1, 4.1)],
        SimdTier.V256 => [(6, 6.2), (5, 5.5), (4, 4.5), (3, 4.1), (2, 4), (1, 3.9)],
        _ => [(2, 2.1), (1, 1.9)],
    };

    /// <summary>The cheapest tile widths whose sum is <paramref name="columns"/>, widest first.</summary>
    public static int[] Cut(int columns)
    {
        var best = new double[columns + 1];
        var choice = new int[columns + 1];
        for (var n = 1; n <= columns; n++)
        {
            best[n] = double.PositiveInfinity;
            foreach (var (width, cost) in Tiles)
            {
                if (width <= n && best[n - width] + cost < best[n]) (best[n], choice[n]) = (best[n - width] + cost, width);
            }
        }

        var widths = new List<int>();
        for (var n = columns; n > 0; n -= choice[n]) widths.Add(choice[n]);
        return [.. widths.OrderDescending()];
    }
}
