using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Operations without weights on maps of bytes, blocked as those of floats: [C/16, H, W, 16]. One image at a time.</summary>
public static unsafe class ByteMap
{
    /// <summary>The most channels of a plain map: their bytes are one integer of 32 bits.</summary>
    public const int MostPlainChannels = sizeof(int);

    /// <summary>
    /// The bytes of floats: x·(1/scale), in float, clamped to the bytes' range, plus zero, rounded to the nearest, a tie upwards. NaN
    /// becomes the smallest byte.
    /// </summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">Blocked floats.</param>
    /// <param name="count">Number of elements: whole blocks.</param>
    /// <param name="scale">Size of a step.</param>
    /// <param name="zero">The byte of 0.</param>
    /// <param name="y">Bytes.</param>
    public static void FromFloats(SimdTier tier, float* x, long count, float scale, byte zero, byte* y) =>
        Run(tier, new FloatsToBytes(x, count, new(scale, zero), y));

    /// <summary>The bytes of plain floats of 1 to 4 channels, as <see cref="FromFloats"/> makes them of blocked ones.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">[C, H, W].</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="scale">Size of a step.</param>
    /// <param name="zero">The byte of 0.</param>
    /// <param name="y">[1, H, W, 16].</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="channels"/> is not 1 to 4.</exception>
    public static void FromPlain(SimdTier tier, float* x, int channels, int pixels, float scale, byte zero, byte* y)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(channels, MostPlainChannels);
        Run(tier, new PlainToBytes(x, channels, pixels, new(scale, zero), y));
    }

    /// <summary>(byte − zero)·scale in float; lanes of no channel become 0.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">Blocked bytes.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="scale">Size of a step.</param>
    /// <param name="zero">The byte of 0.</param>
    /// <param name="y">Blocked floats.</param>
    public static void ToFloats(SimdTier tier, byte* x, int channels, int pixels, float scale, byte zero, float* y) =>
        Run(tier, new BytesToFloats(x, channels, pixels, scale, zero, y));

    /// <summary>Requantises x·2^shift, and a second map beside it.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">Bytes.</param>
    /// <param name="second">Bytes that are added, or null.</param>
    /// <param name="shift">Bits by which x is shifted up.</param>
    /// <param name="result">What becomes of the shifted bytes.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="y">Bytes; may be <paramref name="x"/> or <paramref name="second"/>.</param>
    public static void Rescale(
        SimdTier tier, byte* x, byte* second, int shift, Int8Result result, int channels, int pixels, byte* y) =>
        Run(tier, new Rescaling(x, second, shift, result, Layout.Blocks(channels), pixels, y));

    /// <summary>y = table[x].</summary>
    /// <param name="table">256 bytes.</param>
    /// <param name="x">Bytes.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="y">Bytes; may be <paramref name="x"/>.</param>
    public static void LookUp(ReadOnlySpan<byte> table, byte* x, long count, byte* y)
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
    public static void Concat(ReadOnlySpan<byte> table, byte* x, int channels, int pixels, int first, byte* y)
    {
        Check.Length(table, byte.MaxValue + 1);
        if (first % Layout.Block == 0)
        {
            // Lanes of no channel come last, and the next input overwrites them.
            LookUp(table, x, Layout.ImageLength(channels, pixels), y + Layout.ImageLength(first, pixels));
            return;
        }

        for (var channel = 0; channel < channels; channel++)
        {
            byte* from = x + Layout.FirstPixelOf(channel, pixels), to = y + Layout.FirstPixelOf(first + channel, pixels);
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
            var from = x + Layout.FirstPixelOf(channel, pixels);
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
        if (tier == SimdTier.Scalar) BytePool.MaxReference(shape, x, y);
        else BytePool.Max(shape, x, y);
    }

    /// <summary>Requantises the sum of each window times 2^shift.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="countPadding">Whether the padding counts; it has the byte <paramref name="zero"/>.</param>
    /// <param name="zero">The byte of 0.</param>
    /// <param name="shift">Bits by which sums are shifted up.</param>
    /// <param name="result">For each number of elements from 1 on, or for all windows.</param>
    /// <param name="x">[C/16, H, W, 16].</param>
    /// <param name="y">[C/16, OutHeight, OutWidth, 16].</param>
    public static void Mean(
        SimdTier tier, WindowShape shape, bool countPadding, byte zero, int shift, Requantisation result, byte* x, byte* y)
    {
        shape.ValidatePool(1);
        if (tier == SimdTier.Scalar) BytePool.MeanReference(shape, countPadding, zero, shift, result, x, y);
        else IntKernelRunner.Run(tier, new BytePool.Mean(shape, countPadding, zero, shift, result, x, y));
    }

    private static void Run<TKernel>(SimdTier tier, TKernel kernel) where TKernel : struct, IByteKernel
    {
        if (tier == SimdTier.Scalar) kernel.Reference();
        else IntKernelRunner.Run(tier, kernel);
    }

    /// <summary>A kernel with its plain loop, which is the specification.</summary>
    private interface IByteKernel : IIntKernel
    {
        void Reference();
    }

    /// <summary>How a float becomes a byte.</summary>
    private readonly struct Rounding(float scale, byte zero)
    {
        private readonly float _steps = 1 / scale;
        private readonly float _low = -(float)zero;
        private readonly float _high = byte.MaxValue - zero;
        private readonly float _half = zero + 0.5f;

        public byte Zero => zero;

        public byte Of(float x)
        {
            var value = x * _steps;
            value = value > _low ? value : _low;
            value = value < _high ? value : _high;
            return (byte)(int)(value + _half);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Of<T>(float* x) where T : unmanaged, IIntLanes<T> => T.FromFloats(x, _steps, _low, _high, _half);
    }

    private readonly struct FloatsToBytes(float* x, long count, Rounding rounding, byte* y) : IByteKernel
    {
        public void Reference()
        {
            for (var i = 0L; i < count; i++) y[i] = rounding.Of(x[i]);
        }

        public void Run<T>() where T : unmanaged, IIntLanes<T>
        {
            var i = 0L;
            for (; i <= count - 4 * Layout.Block; i += 4 * Layout.Block)
            {
                var (a, b) = (rounding.Of<T>(x + i), rounding.Of<T>(x + i + Layout.Block));
                var (c, d) = (rounding.Of<T>(x + i + 2 * Layout.Block), rounding.Of<T>(x + i + 3 * Layout.Block));
                T.Store((int*)(y + i), T.Pack(a, b, c, d));
            }

            for (; i < count; i += Layout.Block)
            {
                var pixel = rounding.Of<T>(x + i);
                T.StorePixel(y + i, T.Pack(pixel, pixel, pixel, pixel));
            }
        }
    }

    private readonly struct PlainToBytes(float* x, int channels, int pixels, Rounding rounding, byte* y) : IByteKernel
    {
        public void Reference() => Rest(0);

        public void Run<T>() where T : unmanaged, IIntLanes<T>
        {
            var pixel = 0;
            var bytes = stackalloc int[Layout.Block];
            for (; pixel <= pixels - Layout.Block; pixel += Layout.Block)
            {
                var ofPixels = T.Zero;
                for (var channel = MostPlainChannels - 1; channel >= 0; channel--)
                {
                    var next = channel < channels
                        ? rounding.Of<T>(x + (long)channel * pixels + pixel)
                        : T.Broadcast(rounding.Zero);
                    ofPixels = T.Add(T.ShiftLeft(ofPixels, 8), next);
                }

                T.Store(bytes, ofPixels);
                Store(bytes, y + (long)pixel * Layout.Block);
            }

            Rest(pixel);
        }

        /// <summary>Writes the four bytes of each of sixteen pixels, and the byte of 0 behind them.</summary>
        private void Store(int* bytes, byte* to)
        {
            var none = Vector128.Create(rounding.Zero);
            for (var i = 0; i < Layout.Block; i++, to += Layout.Block)
            {
                none.Store(to);
                *(int*)to = bytes[i];
            }
        }

        /// <summary>Writes the pixels from one on, element by element.</summary>
        private void Rest(int pixel)
        {
            for (; pixel < pixels; pixel++)
            {
                var to = y + (long)pixel * Layout.Block;
                for (var lane = 0; lane < Layout.Block; lane++)
                    to[lane] = lane < channels ? rounding.Of(x[(long)lane * pixels + pixel]) : rounding.Zero;
            }
        }
    }

    private readonly struct BytesToFloats(byte* x, int channels, int pixels, float scale, byte zero, float* y) : IByteKernel
    {
        public void Reference()
        {
            for (var i = 0L; i < Layout.ImageLength(channels, pixels); i++)
                y[i] = Layout.ChannelOf(i, Layout.Blocks(channels), pixels) < channels ? (x[i] - zero) * scale : 0;
        }

        public void Run<T>() where T : unmanaged, IIntLanes<T>
        {
            var scales = stackalloc float[Layout.Block];
            for (var block = 0; block < Layout.Blocks(channels); block++)
            {
                for (var lane = 0; lane < Layout.Block; lane++) scales[lane] = block * Layout.Block + lane < channels ? scale : 0;
                var (first, less) = ((long)block * pixels * Layout.Block, T.Broadcast(-zero));
                for (var i = first; i < first + (long)pixels * Layout.Block; i += Layout.Block)
                    T.StoreFloats(y + i, T.Add(T.Bytes(x + i), less), scales);
            }
        }
    }

    private readonly struct Rescaling(byte* x, byte* second, int shift, Int8Result result, int blocks, int pixels, byte* y) : IByteKernel
    {
        public void Reference()
        {
            for (var i = 0L; i < (long)blocks * pixels * Layout.Block; i++)
                result.Store(Layout.ChannelOf(i, blocks, pixels), x[i] << shift, second, y, i);
        }

        public void Run<T>() where T : unmanaged, IIntLanes<T>
        {
            const int most = 16;
            var sums = stackalloc int[most * Layout.Block];
            for (var block = 0; block < blocks; block++)
            {
                var (of, first) = (result.OfBlock(block), (long)block * pixels * Layout.Block);
                for (int pixel = 0, count; pixel < pixels; pixel += count)
                {
                    count = Math.Min(most, pixels - pixel);
                    var from = first + (long)pixel * Layout.Block;
                    for (var i = 0; i < count * Layout.Block; i += Layout.Block)
                        T.Store(sums + i, T.ShiftLeft(T.Bytes(x + from + i), shift));
                    of.StoreTile<T>(sums, count, rows: 1, count, second, y, from, pitch: 0);
                }
            }
        }
    }
}
