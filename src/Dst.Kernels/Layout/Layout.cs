namespace Dst.Kernels;

/// <summary>
/// The blocked layout [N, C/16, H, W, 16]: sixteen channels of a pixel are neighbours, so that they fill the lanes of a vector.
/// Where C is not a multiple of 16 the lanes that belong to no channel are zero, in values and in gradients.
/// </summary>
public static unsafe class Layout
{
    /// <summary>Channels in a block.</summary>
    public const int Block = 16;

    /// <summary>Bytes of a cache line, and of a block of lanes of 32 bits.</summary>
    public const int CacheLine = Block * sizeof(float);

    /// <summary>The first address from <paramref name="room"/> on at which a cache line begins: less than one later.</summary>
    internal static T* Align<T>(T* room) where T : unmanaged => (T*)(((nuint)room + (CacheLine - 1)) & ~(nuint)(CacheLine - 1));

    /// <summary>⌈value / divisor⌉; value from 0, divisor from 1.</summary>
    public static int CeilDiv(int value, int divisor) => (value + divisor - 1) / divisor;

    /// <inheritdoc cref="CeilDiv(int, int)"/>
    public static long CeilDiv(long value, long divisor) => (value + divisor - 1) / divisor;

    /// <summary>The smallest multiple that is not below <paramref name="value"/>.</summary>
    public static int RoundUp(int value, int multiple) => CeilDiv(value, multiple) * multiple;

    /// <inheritdoc cref="RoundUp(int, int)"/>
    public static long RoundUp(long value, long multiple) => CeilDiv(value, multiple) * multiple;

    /// <summary>Elements of 32 bits, rounded up to whole cache lines.</summary>
    public static int WholeLines(int elements) => RoundUp(elements, CacheLine / sizeof(float));

    /// <inheritdoc cref="WholeLines(int)"/>
    public static long WholeLines(long elements) => RoundUp(elements, CacheLine / sizeof(float));

    /// <summary>Blocks that hold <paramref name="channels"/> channels.</summary>
    public static int Blocks(int channels) => CeilDiv(channels, Block);

    /// <summary>Channels rounded up to whole blocks: lanes of a pixel, and floats of a padded per-channel array.</summary>
    public static int PaddedChannels(int channels) => RoundUp(channels, Block);

    /// <summary>Lanes of a block that belong to a channel: 16, or fewer in the last block.</summary>
    internal static int UsedLanes(int channels, int block) => Math.Min(Block, channels - block * Block);

    /// <summary>A copy of values for each channel, with zeros up to a whole block.</summary>
    public static float[] Padded(ReadOnlySpan<float> values)
    {
        var padded = new float[PaddedChannels(values.Length)];
        values.CopyTo(padded);
        return padded;
    }

    /// <summary>Floats of one blocked image with <paramref name="pixels"/> = H · W.</summary>
    public static long ImageLength(int channels, int pixels) => (long)PaddedChannels(channels) * pixels;

    /// <summary>The channel, or lane of no channel, of the element <paramref name="index"/> of a run of blocked images.</summary>
    internal static int ChannelOf(long index, int blocks, int pixels) => (int)(index / Block / pixels % blocks * Block + index % Block);

    /// <summary>Index of a channel's first pixel in a blocked image. The next pixels are 16 elements apart.</summary>
    internal static long FirstPixelOf(int channel, int pixels) => (long)(channel / Block) * pixels * Block + channel % Block;

    /// <summary>Converts plain images [N, C, H, W] to blocked ones; the lanes beyond C become zero.</summary>
    /// <param name="plain">Images, one after another.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="blocked">Destination [N, C/16, H, W, 16].</param>
    /// <exception cref="ArgumentException">A number of images, channels or pixels is out of range.</exception>
    public static void FromPlain(float* plain, int images, int channels, int pixels, float* blocked)
    {
        Check.Images(images, channels, pixels);
        for (var n = 0; n < images; n++)
            BlockImage(
                plain + (long)n * channels * pixels, channels, pixels, blocked + n * ImageLength(channels, pixels), accumulate: false);
    }

    /// <summary>Converts blocked images [N, C/16, H, W, 16] to plain ones [N, C, H, W].</summary>
    /// <param name="blocked">Images, one after another.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="plain">Destination [N, C, H, W].</param>
    /// <exception cref="ArgumentException">A number of images, channels or pixels is out of range.</exception>
    public static void ToPlain(float* blocked, int images, int channels, int pixels, float* plain)
    {
        Check.Images(images, channels, pixels);
        for (var n = 0; n < images; n++)
            UnblockImage(blocked + n * ImageLength(channels, pixels), channels, pixels, plain + (long)n * channels * pixels);
    }

    /// <summary>One image [C, H·W] to [C/16, H·W, 16].</summary>
    internal static void BlockImage(float* plain, int channels, int pixels, float* blocked, bool accumulate)
    {
        for (var first = 0; first < channels; first += Block, plain += (long)Block * pixels, blocked += (long)Block * pixels)
        {
            var lanes = Math.Min(Block, channels - first);
            for (var p = 0; p < pixels; p++)
            {
                var pixel = blocked + (long)p * Block;
                if (!accumulate) new Span<float>(pixel, Block).Clear();
                for (var lane = 0; lane < lanes; lane++) pixel[lane] += plain[(long)lane * pixels + p];
            }
        }
    }

    /// <summary>One image [C/16, H·W, 16] to [C, H·W].</summary>
    internal static void UnblockImage(float* blocked, int channels, int pixels, float* plain)
    {
        for (var first = 0; first < channels; first += Block, plain += (long)Block * pixels, blocked += (long)Block * pixels)
        {
            var lanes = Math.Min(Block, channels - first);
            for (var p = 0; p < pixels; p++)
            {
                for (var lane = 0; lane < lanes; lane++) plain[(long)lane * pixels + p] = blocked[(long)p * Block + lane];
            }
        }
    }
}
