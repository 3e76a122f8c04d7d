using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>Two blocks of output channels at once: a scalar that both read is loaded once.</content>
public sealed unsafe partial class DirectConvolution
{
    private static void Pair<T, TWeight>(
        TapPass pass, bool acrossImages, int width, int count, in TapList<TWeight> one, in TapList<TWeight> other, in TilePixels pixels,
        in TilePixels otherPixels)
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged
    {
        if (acrossImages) Pair<T, ImagePitch, TWeight>(width, count, one, other, pixels, otherPixels);
        else if (pass.Source.Pixel == 1) Pair<T, PlanePitch, TWeight>(width, count, one, other, pixels, otherPixels);
        else Pair<T, PixelPitch, TWeight>(width, count, one, other, pixels, otherPixels);
    }

    private static void Pair<T, TPitch, TWeight>(
        int width, int count, in TapList<TWeight> one, in TapList<TWeight> other, in TilePixels pixels, in TilePixels otherPixels)
        where T : unmanaged, ILanes<T>
        where TPitch : struct, ISourcePitch
        where TWeight : unmanaged =>
        RegisterTiles.RunPairs<T, PairLoop<T, TPitch, TWeight>>(width, new(count, in one, in other, in pixels, in otherPixels));

    /// <summary>
    /// The innermost loop, for some tiles: the taps of both blocks, one of each block by turns, and then those that are left of one block.
    /// No weights are fetched ahead: that takes as many slots of the load unit as it saves.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pair<T, TPairs, TPitch, TWeight>(
        int count, in TapList<TWeight> one, in TapList<TWeight> other, in TilePixels pixels, in TilePixels otherPixels)
        where T : unmanaged, ILanes<T>
        where TPairs : unmanaged, IPairedSums<T>
        where TPitch : struct, ISourcePitch
        where TWeight : unmanaged
    {
        var source = pixels.Source;
        var pitch = TPitch.Of(pixels);
        for (nint offset = 0, step = TPairs.Width * pixels.Pitch; count > 0; count--, offset += step, source += TPairs.Width * pitch)
        {
            TPairs pairs = default;
            var initial = pixels.InitialPitch == 0 ? 0 : offset;
            if (typeof(TWeight) != typeof(short))
                pairs.Load(pixels.Initial + initial, otherPixels.Initial + initial, pixels.InitialPitch);
            int* start = one.Start, otherStart = other.Start, common = one.Common;
            for (var run = one.Runs; run > 0; run--, start += one.RunPitch, otherStart += one.RunPitch, common += one.RunPitch)
            {
                // Equal lists are stored once, and are one list through all positions of a run.
                var isShared = one.Offsets == other.Offsets && start[one.RunLength] - start[0] == otherStart[one.RunLength] - otherStart[0];
                var positions = isShared ? 1 : one.RunLength;
                var length = isShared ? one.RunLength : 1;
                for (var p = 0; p < positions; p++)
                {
                    int* offsets = one.Offsets + start[p], otherOffsets = other.Offsets + otherStart[p];
                    int taps = start[p + length] - start[p], otherTaps = otherStart[p + length] - otherStart[p];
                    TWeight* weights = one.Weights + (long)start[p] * Layout.Block;
                    TWeight* otherWeights = other.Weights + (long)otherStart[p] * Layout.Block;
                    var both = isShared ? taps : common[p];
                    for (var i = 0; i < both; i++, weights += Layout.Block, otherWeights += Layout.Block)
                    {
                        pairs.MultiplyAdd(
                            source + offsets[i], pitch, RoundedWeights.Load<T, TWeight>(weights),
                            RoundedWeights.Load<T, TWeight>(otherWeights));
                    }

                    var turns = Math.Min(taps, otherTaps);
                    for (var i = both; i < turns; i++, weights += Layout.Block, otherWeights += Layout.Block)
                    {
                        pairs.MultiplyAddFirst(source + offsets[i], pitch, RoundedWeights.Load<T, TWeight>(weights));
                        pairs.MultiplyAddSecond(source + otherOffsets[i], pitch, RoundedWeights.Load<T, TWeight>(otherWeights));
                    }

                    for (var i = turns; i < taps; i++, weights += Layout.Block)
                        pairs.MultiplyAddFirst(source + offsets[i], pitch, RoundedWeights.Load<T, TWeight>(weights));
                    for (var i = turns; i < otherTaps; i++, otherWeights += Layout.Block)
                        pairs.MultiplyAddSecond(source + otherOffsets[i], pitch, RoundedWeights.Load<T, TWeight>(otherWeights));
                }
            }

            if (typeof(TWeight) == typeof(short))
            {
                pairs.Multiply(T.Load(pixels.Scales), T.Load(otherPixels.Scales));
                pairs.Add(pixels.Initial, otherPixels.Initial, 0);
            }

            if (pixels.Residual != null) pairs.Add(pixels.Residual + offset, otherPixels.Residual + offset, pixels.Pitch);
            if (pixels.IsClipped) pairs.Clip(T.Broadcast(pixels.Bounds.Least), T.Broadcast(pixels.Bounds.Most));
            pairs.Store(pixels.Destination + offset, otherPixels.Destination + offset, pixels.Pitch);
        }
    }

    private readonly ref struct PairLoop<T, TPitch, TWeight>(
        int count, ref readonly TapList<TWeight> one, ref readonly TapList<TWeight> other, ref readonly TilePixels pixels,
        ref readonly TilePixels otherPixels) : IPairLoop<T>
        where T : unmanaged, ILanes<T>
        where TPitch : struct, ISourcePitch
        where TWeight : unmanaged
    {
        private readonly ref readonly TapList<TWeight> _one = ref one;
        private readonly ref readonly TapList<TWeight> _other = ref other;
        private readonly ref readonly TilePixels _pixels = ref pixels;
        private readonly ref readonly TilePixels _otherPixels = ref otherPixels;

        public void Run<TPairs>() where TPairs : unmanaged, IPairedSums<T> =>
            Pair<T, TPairs, TPitch, TWeight>(count, in _one, in _other, in _pixels, in _otherPixels);
    }
}
