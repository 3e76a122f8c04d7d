using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>What a plan and its scratch memory are made of.</content>
public sealed unsafe partial class TileConvolution
{
    /// <summary>Planes of a map, or of some rows of it.</summary>
    private readonly struct InputPlanes(float* first, nint channelPitch, nint length)
    {
        /// <summary>The first tile of the map, also where its row is not there.</summary>
        public readonly float* First = first;
        public readonly nint ChannelPitch = channelPitch;
        public readonly nint Length = length;
    }

    /// <summary>Neighbouring rows of positions that read the same channels.</summary>
    /// <param name="First">First row.</param>
    /// <param name="Count">Number of rows.</param>
    /// <param name="Places">Where V has the channels at a position.</param>
    private sealed record PositionRows(int First, int Count, int[] Places);

    /// <summary>Channels of a block that some filter reads.</summary>
    private sealed class ReadChannels(SimdTier tier, int block, int[] channels)
    {
        public int Block { get; } = block;

        public int[] Channels { get; } = channels;

        /// <summary>Whether those of two pixels fit a vector of 512 bits.</summary>
        public bool AreFew => tier == SimdTier.V512 && Channels.Length <= HalfBlock;

        /// <summary>Channels of which planes are made.</summary>
        public int Planes => AreFew ? HalfBlock : Layout.Block;

        /// <summary>Lanes of two pixels: eight of each.</summary>
        public int[] Picks { get; } =
        [
            .. from pixel in Enumerable.Range(0, 2)
               from i in Enumerable.Range(0, HalfBlock)
               select pixel * Layout.Block + channels[Math.Min(i, channels.Length - 1)],
        ];
    }

    /// <summary>Floats of the parts of the scratch memory.</summary>
    private readonly record struct ScratchParts(int Planes, int Strips, int V, int M, int Results)
    {
        public int Total => checked(Planes + Strips + V + M + Results);
    }

    /// <summary>The parts of the scratch memory, each at the beginning of a cache line.</summary>
    private readonly struct Scratch(float* memory, ScratchParts parts)
    {
        public readonly float* M = memory;
        public readonly float* Results = memory + parts.M;
        public readonly float* V = memory + parts.M + parts.Results;
        public readonly float* Strips = memory + parts.M + parts.Results + parts.V;
        public readonly float* Planes = memory + parts.M + parts.Results + parts.V + parts.Strips;
    }
}
