using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Sizes of one image's map, [C, H, W].</summary>
/// <param name="Channels">Channels C.</param>
/// <param name="Height">Rows H.</param>
/// <param name="Width">Columns W.</param>
public readonly record struct MapShape(int Channels, int Height, int Width)
{
    /// <summary>H · W.</summary>
    internal int Pixels => Height * Width;

    /// <summary>Blocks of channels.</summary>
    internal int Blocks => Layout.Blocks(Channels);
}

/// <summary>
/// Moves whole channels, and all pixels by one distance: padding, slices and shuffles of channels.
/// y[c, i, j] = x[source of c, i − top, j − left] where x has that element, else a constant.
/// </summary>
public sealed unsafe class Rearrangement
{
    private readonly MapShape _x;
    private readonly MapShape _y;
    private readonly int[] _sources;
    private readonly int _top;
    private readonly int _left;
    private readonly float _value;
    private readonly BlockSource[][] _blocks;

    private Rearrangement(MapShape x, MapShape y, int[] sources, int top, int left, float value)
    {
        (_x, _y, _sources, _top, _left, _value) = (x, y, sources, top, left, value);
        _blocks = [.. sources.Chunk(Layout.Block).Select(BlockSource.Of)];
    }

    /// <summary>Rows, columns and channels of <paramref name="value"/> before and after those of x.</summary>
    /// <param name="x">Sizes of the input.</param>
    /// <param name="top">Rows above.</param>
    /// <param name="left">Columns on the left.</param>
    /// <param name="bottom">Rows below.</param>
    /// <param name="right">Columns on the right.</param>
    /// <param name="channelsBefore">Channels before those of x.</param>
    /// <param name="channelsAfter">Channels after those of x.</param>
    /// <param name="value">What the new elements are.</param>
    /// <exception cref="ArgumentException">A size is negative.</exception>
    public static Rearrangement Pad(
        MapShape x, int top, int left, int bottom, int right, int channelsBefore, int channelsAfter, float value)
    {
        if (int.Min(int.Min(int.Min(top, left), int.Min(bottom, right)), int.Min(channelsBefore, channelsAfter)) < 0)
            throw new ArgumentException("padding is negative; 0 or more was expected");
        var y = new MapShape(channelsBefore + x.Channels + channelsAfter, top + x.Height + bottom, left + x.Width + right);
        var sources = Sources(y.Channels, c => c < channelsBefore || c >= channelsBefore + x.Channels ? -1 : c - channelsBefore);
        return new(x, y, sources, top, left, value);
    }

    /// <summary>A run of the channels of x.</summary>
    /// <param name="x">Sizes of the input.</param>
    /// <param name="start">First channel that is kept.</param>
    /// <param name="channels">How many are kept, at least 1.</param>
    /// <exception cref="ArgumentException">They are not among those of x.</exception>
    public static Rearrangement Slice(MapShape x, int start, int channels)
    {
        if (start < 0 || channels < 1 || start + channels > x.Channels)
            throw new ArgumentException(Invariant($"channels {start} to {start + channels} are not among {x.Channels}"));
        return new(x, x with { Channels = channels }, Sources(channels, c => start + c), 0, 0, 0);
    }

    /// <summary>Channels [groups, C / groups] transposed: channel i·groups + g of y is g·(C / groups) + i of x.</summary>
    /// <exception cref="ArgumentException">C is not a multiple of <paramref name="groups"/>.</exception>
    public static Rearrangement ShuffleChannels(MapShape x, int groups)
    {
        if (groups < 1 || x.Channels % groups != 0)
            throw new ArgumentException(Invariant($"{x.Channels} channels are not {groups} equal groups"));
        return new(x, x, Sources(x.Channels, c => c % groups * (x.Channels / groups) + c / groups), 0, 0, 0);
    }

    /// <summary>From the gradient of y to that of x: moves each element back to where it came from; zero where y took none.</summary>
    public Rearrangement Inverse()
    {
        var sources = Sources(_x.Channels, _ => -1);
        for (var c = 0; c < _sources.Length; c++)
        {
            if (_sources[c] >= 0) sources[_sources[c]] = c;
        }

        return new(_y, _x, sources, -_top, -_left, 0);
    }

    /// <summary>Fills y.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images N.</param>
    /// <param name="y">Same layout, in the new sizes.</param>
    /// <param name="accumulate">Adds to <paramref name="y"/> rather than overwrites it.</param>
    /// <exception cref="ArgumentException">The number of images is negative.</exception>
    public void Apply(SimdTier tier, float* x, int images, float* y, bool accumulate)
    {
        Check.Images(images, _x.Channels, _x.Pixels);
        KernelRunner.Run(tier, new RearrangementKernel(this, x, images, y, accumulate));
    }

    private static int[] Sources(int channels, Func<int, int> source) => [.. Enumerable.Range(0, channels).Select(source)];

    /// <summary>Which lanes of a block of x go to which lanes of a block of y: <c>Lanes[i]</c> goes to i, none where it is 16.</summary>
    private sealed record BlockSource(int Block, int[] Lanes)
    {
        public static BlockSource[] Of(int[] sources) =>
            [
                .. sources.Where(source => source >= 0)
                    .Select(source => source / Layout.Block)
                    .Distinct()
                    .Select(block => new BlockSource(block, LanesOf(sources, block))),
            ];

        private static int[] LanesOf(int[] sources, int block)
        {
            var lanes = new int[Layout.Block];
            Array.Fill(lanes, Layout.Block);
            for (var lane = 0; lane < sources.Length; lane++)
            {
                if (sources[lane] >= 0 && sources[lane] / Layout.Block == block) lanes[lane] = sources[lane] % Layout.Block;
            }

            return lanes;
        }
    }

    /// <summary>The rearrangement of some images.</summary>
    internal readonly struct RearrangementKernel(Rearrangement r, float* x, int images, float* y, bool accumulate) : IKernel
    {
        public void Reference()
        {
            for (var i = 0L; i < images * Layout.ImageLength(r._y.Channels, r._y.Pixels); i++)
            {
                var (image, channel) = (i / Layout.ImageLength(r._y.Channels, r._y.Pixels), Layout.ChannelOf(i, r._y.Blocks, r._y.Pixels));
                var pixel = (int)(i / Layout.Block % r._y.Pixels);
                var value = channel < r._y.Channels
                    ? Element(image, r._sources[channel], pixel / r._y.Width - r._top, pixel % r._y.Width - r._left)
                    : 0;
                y[i] = accumulate ? y[i] + value : value;
            }
        }

        public void Run<T>() where T : unmanaged, ILanes<T>
        {
            for (var n = 0L; n < images; n++)
            {
                for (var block = 0; block < r._y.Blocks; block++)
                    Plane<T>(
                        block, x + n * r._x.Blocks * r._x.Pixels * Layout.Block,
                        y + (n * r._y.Blocks + block) * r._y.Pixels * Layout.Block);
            }
        }

        /// <summary>Row by row, first the constants, then what comes from each block of x.</summary>
        private void Plane<T>(int block, float* image, float* plane) where T : unmanaged, ILanes<T>
        {
            float* around = stackalloc float[Layout.Block], within = stackalloc float[Layout.Block];
            for (var lane = 0; lane < Layout.Block; lane++)
            {
                var channel = block * Layout.Block + lane;
                around[lane] = channel < r._y.Channels ? r._value : 0;
                within[lane] = channel < r._y.Channels && r._sources[channel] < 0 ? r._value : 0;
            }

            var (first, end) = (Math.Max(0, r._left), Math.Min(r._y.Width, r._left + r._x.Width));
            for (var i = 0; i < r._y.Height; i++)
            {
                var row = plane + (long)i * r._y.Width * Layout.Block;
                var fromRow = i - r._top;
                if (fromRow < 0 || fromRow >= r._x.Height)
                {
                    Fill<T>(around, row, r._y.Width, accumulate);
                    continue;
                }

                Fill<T>(around, row, first, accumulate);
                Fill<T>(within, row + first * Layout.Block, end - first, accumulate);
                Fill<T>(around, row + end * Layout.Block, r._y.Width - end, accumulate);
                foreach (var (source, lanes) in r._blocks[block])
                {
                    var from = image + ((long)source * r._x.Pixels + fromRow * r._x.Width + first - r._left) * Layout.Block;
                    fixed (int* pick = lanes) AddPicked<T>(from, pick, row + first * Layout.Block, end - first);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Fill<T>(float* lanes, float* row, int pixels, bool accumulate) where T : unmanaged, ILanes<T>
        {
            var value = T.Load(lanes);
            for (var end = row + (long)pixels * Layout.Block; row < end; row += Layout.Block)
                T.Store(row, accumulate ? T.Add(T.Load(row), value) : value);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void AddPicked<T>(float* source, int* lanes, float* row, int pixels) where T : unmanaged, ILanes<T>
        {
            for (var end = row + (long)pixels * Layout.Block; row < end; row += Layout.Block, source += Layout.Block)
                T.Store(row, T.Add(T.Load(row), T.Pick(T.Load(source), lanes)));
        }

        private float Element(long image, int channel, int row, int column)
        {
            if (channel < 0 || row < 0 || row >= r._x.Height || column < 0 || column >= r._x.Width) return r._value;
            var pixel = (image * r._x.Blocks + channel / Layout.Block) * r._x.Pixels + row * r._x.Width + column;
            return x[pixel * Layout.Block + channel % Layout.Block];
        }
    }
}
