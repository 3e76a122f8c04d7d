using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

public sealed unsafe partial class Conv2d
{
    /// <summary>Runs a pass: for each block of 16 output channels, image and row, one register tile after another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TLanes>(TapPass pass, int images, float* source, float* weights, InitialValues initial, float* destination)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var taps = pass.Taps;
        var to = pass.Destination;
        fixed (int* offsets = taps.Offsets)
        {
            for (var b = 0; b < taps.Blocks; b++)
            {
                var rowStart = taps.RowStart[b];
                for (var n = 0; n < images; n++)
                {
                    var rowSource = source + (long)n * pass.Source.Image;
                    var row = destination + (long)n * to.Image + (long)b * to.Block + to.Start;
                    for (var r = 0; r < pass.Rows; r++, rowSource += pass.Source.Row, row += to.Row)
                    {
                        var first = rowStart[pass.KernelRows[r].First];
                        var list = new TapList(
                            offsets + taps.First[b] + first, rowStart[pass.KernelRows[r].End] - first, weights + taps.FirstWeight[b] + first * Layout.Block);
                        RunRow<TLanes>(pass.TileWidths, list, rowSource, row, to.Pixel, initial.Of(b));
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunRow<TLanes>(int[] tileWidths, TapList taps, float* source, float* row, int pixelPitch, float* initial)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        foreach (var width in tileWidths)
        {
            var start = initial == null ? row : initial;
            var startPitch = initial == null ? pixelPitch : 0;
            switch (width)
            {
                case 16: Tile<TLanes, Join<TLanes, Join<TLanes, Four<TLanes>, Four<TLanes>>, Join<TLanes, Four<TLanes>, Four<TLanes>>>>(taps, source, start, startPitch, row, pixelPitch); break;
                case 8: Tile<TLanes, Join<TLanes, Four<TLanes>, Four<TLanes>>>(taps, source, start, startPitch, row, pixelPitch); break;
                case 7: Tile<TLanes, Join<TLanes, Four<TLanes>, Join<TLanes, Two<TLanes>, One<TLanes>>>>(taps, source, start, startPitch, row, pixelPitch); break;
                case 6: Tile<TLanes, Join<TLanes, Four<TLanes>, Two<TLanes>>>(taps, source, start, startPitch, row, pixelPitch); break;
                case 5: Tile<TLanes, Join<TLanes, Four<TLanes>, One<TLanes>>>(taps, source, start, startPitch, row, pixelPitch); break;
                case 4: Tile<TLanes, Four<TLanes>>(taps, source, start, startPitch, row, pixelPitch); break;
                case 3: Tile<TLanes, Join<TLanes, Two<TLanes>, One<TLanes>>>(taps, source, start, startPitch, row, pixelPitch); break;
                case 2: Tile<TLanes, Two<TLanes>>(taps, source, start, startPitch, row, pixelPitch); break;
                default: Tile<TLanes, One<TLanes>>(taps, source, start, startPitch, row, pixelPitch); break;
            }

            source += width * Layout.Block;
            row += (long)width * pixelPitch;
        }
    }

    /// <summary>The innermost loop: for each tap one load of 16 weights and one multiply-add for each pixel of the tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<TLanes, TTile>(TapList taps, float* source, float* initial, nint initialPitch, float* destination, nint pitch)
        where TLanes : unmanaged, ILanes<TLanes>
        where TTile : unmanaged, IAccumulators<TLanes>
    {
        TTile tile = default;
        tile.Load(initial, initialPitch);
        var weights = taps.Weights;
        var offsets = taps.Offsets;
        for (var end = offsets + taps.Count; offsets < end; offsets++, weights += Layout.Block)
            tile.MultiplyAdd(source + *offsets, Layout.Block, TLanes.Load(weights));
        tile.Store(destination, pitch);
    }

    /// <summary>What the sums start from: 16 values a block (a bias, or the same zeros for all), or what the destination holds.</summary>
    private readonly struct InitialValues(float* values, int blockPitch)
    {
        private readonly float* _values = values;
        private readonly int _blockPitch = blockPitch;

        public static InitialValues Destination => new(null, 0);

        public float* Of(int block) => _values + (long)block * _blockPitch;
    }

    /// <summary>The taps of one block of 16 output channels and their packed weights [taps][16].</summary>
    private readonly struct TapList(int* offsets, int count, float* weights)
    {
        public readonly int* Offsets = offsets;
        public readonly int Count = count;
        public readonly float* Weights = weights;
    }
}
