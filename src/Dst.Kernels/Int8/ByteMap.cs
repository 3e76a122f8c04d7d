using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Operations without weights on maps of bytes, blocked as those of floats: [C/16, H, W, 16]. One image at a time.</summary>
public static unsafe class ByteMap
{
    /// <summary>
    /// The bytes of floats: x·(1/scale), in float, clamped to the bytes' range, plus zero, rounded to the nearest, a tie upwards. NaN
    /// becomes the smallest byte.
    /// </summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">Blocked floats.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="scale">Size of a step.</param>
    /// <param name="zero">The byte of 0.</param>
    /// <param name="y">Bytes.</param>
    public static void FromFloats(SimdTier tier, float* x, long count, float scale, byte zero, byte* y)
    {
        var (steps, low, high, half) = (1 / scale, -(float)zero, (float)(byte.MaxValue - zero), zero + 0.5f);
        for (var i = 0L; i < count; i++)
        {
            var value = x[i] * steps;
            value = value > low ? value : low;
            value = value < high ? value : high;
            y[i] = (byte)(int)(value + half);
        }
    }

    /// <summary>(byte − zero)·scale in float; lanes of no channel become 0.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">Blocked bytes.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="scale">Size of a step.</param>
    /// <param name="zero">The byte of 0.</param>
    /// <param name="y">Blocked floats.</param>
    public static void ToFloats(SimdTier tier, byte* x, int channels, int pixels, float scale, byte zero, float* y)
    {
        for (var i = 0L; i < Layout.ImageLength(channels, pixels); i++)
            y[i] = Layout.ChannelOf(i, Layout.Blocks(channels), pixels) < channels ? (x[i] - zero) * scale : 0;
    }

    /// <summary>Requantises x·2^shift, and a second map beside it.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">Bytes.</param>
    /// <param name="second">Bytes that are added, or null.</param>
    /// <param name="shift">Bits by which x is shifted up.</param>
    /// <param name="result">For each channel, or for all.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="y">Bytes; may be <paramref name="x"/> or <paramref name="second"/>.</param>
    public static void Rescale(
        SimdTier tier, byte* x, byte* second, int shift, Requantisation result, int channels, int pixels, byte* y)
    {
        for (var i = 0L; i < Layout.ImageLength(channels, pixels); i++)
        {
            var channel = Layout.ChannelOf(i, Layout.Blocks(channels), pixels);
            var index = result.Offsets.Length == 1 ? 0 : Math.Min(channel, channels - 1);
            y[i] = result.Apply(index, x[i] << shift, second == null ? (byte)0 : second[i]);
        }
    }

    /// <summary>y = table[x].</summary>
    /// <param name="table">256 bytes.</param>
    /// <param name="x">Bytes.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="y">Bytes; may be <paramref name="x"/>.</param>
    public static void Look(ReadOnlySpan<byte> table, byte* x, long count, byte* y)
    {
        Check.Length(table, byte.MaxValue + 1);
        for (var i = 0L; i < count; i++) y[i] = table[x[i]];
    }

    /// <summary>Writes table[x] to some channels of a larger map.</summary>
    /// <param name="table">256 bytes.</param>
    /// <param name="x">[C/16, H, W, 16].</param>
    /// <param name="channels">Channels C of x.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="first">The channel of y that takes the first one of x.</param>
    /// <param name="y">The larger map.</param>
    public static void Join(ReadOnlySpan<byte> table, byte* x, int channels, int pixels, int first, byte* y)
    {
        Check.Length(table, byte.MaxValue + 1);
        if (first % Layout.Block == 0)
        {
            // Lanes of no channel come last, and the next input overwrites them.
            Look(table, x, Layout.ImageLength(channels, pixels), y + Layout.ImageLength(first, pixels));
            return;
        }

        for (var channel = 0; channel < channels; channel++)
        {
            byte* from = x + PlaceOf(channel, pixels), to = y + PlaceOf(first + channel, pixels);
            for (var pixel = 0; pixel < pixels; pixel++) to[pixel * Layout.Block] = table[from[pixel * Layout.Block]];
        }
    }

    /// <summary>[C/16, H, W, 16] to [C·H·W/16, 16] in the order of plain maps.</summary>
    /// <param name="x">Bytes.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="y">Bytes.</param>
    public static void Flatten(byte* x, int channels, int pixels, byte* y)
    {
        for (var channel = 0; channel < channels; channel++)
        {
            var from = x + PlaceOf(channel, pixels);
            for (var pixel = 0; pixel < pixels; pixel++) *y++ = from[pixel * Layout.Block];
        }
    }

    /// <summary>The largest byte of each window; what lies outside of the map never wins.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="x">[C/16, H, W, 16].</param>
    /// <param name="y">[C/16, OutHeight, OutWidth, 16].</param>
    public static void Max(SimdTier tier, WindowShape shape, byte* x, byte* y)
    {
        shape.ValidatePool(1);
        for (var o = 0L; o < shape.OutputLength(1); o++)
        {
            y[o] = 0;
            for (var tap = 0; tap < shape.Area; tap++)
            {
                if (shape.InputOf(o, tap) is >= 0 and var i) y[o] = Math.Max(y[o], x[i]);
            }
        }
    }

    /// <summary>Requantises the sum of each window times 2^shift.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="countsPadding">Whether the padding counts; it has the byte <paramref name="zero"/>.</param>
    /// <param name="zero">The byte of 0.</param>
    /// <param name="shift">Bits by which sums are shifted up.</param>
    /// <param name="result">For each number of elements from 1 on, or for all windows.</param>
    /// <param name="x">[C/16, H, W, 16].</param>
    /// <param name="y">[C/16, OutHeight, OutWidth, 16].</param>
    public static void Mean(
        SimdTier tier, WindowShape shape, bool countsPadding, byte zero, int shift, Requantisation result, byte* x, byte* y)
    {
        shape.ValidatePool(1);
        for (var o = 0L; o < shape.OutputLength(1); o++)
        {
            var (sum, inside) = (0, 0);
            for (var tap = 0; tap < shape.Area; tap++)
            {
                if (shape.InputOf(o, tap) is >= 0 and var i) (sum, inside) = (sum + x[i], inside + 1);
            }

            var count = shape.CountOf(o, countsPadding);
            y[o] = result.Apply(result.Offsets.Length == 1 ? 0 : count - 1, sum + (count - inside) * zero << shift);
        }
    }

    private static long PlaceOf(int channel, int pixels) =>
        (long)channel / Layout.Block * pixels * Layout.Block + channel % Layout.Block;
}
