using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.Training.Masks;

namespace Dst.Tests.Int8;

/// <summary>Every vector width against the plain loops, which are the specification: equal bytes and equal floats.</summary>
[Trait("Category", "Tier")]
public sealed unsafe class Int8KernelTests
{
    public static TheoryData<SimdTier, (Conv2dShape Shape, string Pattern)> Convolutions => Tiers.With(_ => new (Conv2dShape, string)[]
    {
        (new(3, 9, 7, 19, 3, 3, 1, 1), "dense"),
        (new(1, 5, 37, 16, 3, 3, 1, 1), "dense"),
        (new(17, 3, 3, 20, 3, 3), "dense"),
        (new(1, 11, 23, 18, 5, 5, 1, 0), "dense"),
        (new(1, 9, 12, 16, 7, 7, 2, 3), "dense"),
        (new(2, 8, 9, 17, 3, 3, 3, 2), "dense"),
        (new(3, 7, 10, 33, 4, 5, 1, 2), "dense"),
        (new(1, 6, 9, 32, 5, 16, 1, 8), "dense"),
        (new(2, 10, 11, 40, 5, 5, 2, 1), "weight:16:4:2"),
        (new(1, 2, 1, 20, 3, 3, 10, 5), "dense"),
        (new(3, 9, 10, 33, 7, 7, 2, 3), "dense"),
        (new(4, 7, 9, 16, 3, 5, 2, 1), "dense"),
        (new(4, 6, 19, 20, 2, 3, 1, 0), "dense"),
        (new(2, 5, 18, 16, 3, 9, 1, 4), "dense"),
        (new(40, 13, 33, 16, 3, 3, 1, 3), "dense"),
        (new(48, 16, 15, 48, 3, 3, 1, 1), "kernel:16:16"),
        (new(33, 6, 5, 17, 5, 2, 2, 1), "dense"),
        (new(16, 7, 8, 33, 1, 1, 2), "dense"),
        (new(18, 14, 21, 20, 3, 3, 2, 1), "dense"),
        (new(32, 17, 10, 35, 3, 3, 2), "kernel:16:16"),
        (new(70, 1, 1, 10, 1, 1), "dense"),
        (new(20, 4, 4, 40, 3, 3, 3, 2), "dense"),
        (new(32, 6, 21, 32, 3, 3, 1, 1), "kernel:16:16"),
        (new(32, 5, 6, 64, 3, 3, 1, 1), "kernel:32:16"),
        (new(17, 6, 5, 48, 3, 3, 2, 1), "row:32:16"),
        (new(19, 6, 5, 20, 3, 3, 1, 1), "kernel:16:2"),
        (new(34, 5, 6, 18, 3, 3, 2, 1), "row:16:2"),
        (new(24, 5, 19, 35, 3, 3, 1, 1), "weight:16:16"),
        (new(24, 5, 6, 35, 3, 3, 1, 1), "weight:16:4:1"),
        (new(17, 5, 6, 20, 3, 3, 1, 1), "weight:4:2"),
        (new(48, 3, 3, 16, 3, 3), "kernel:1:2"),
        (new(64, 6, 6, 32, 3, 3, 1, 1), "kernel:16:16:12"),
        (new(64, 5, 5, 32, 3, 3, 2, 1), "kernel:16:16:4"),
        (new(52, 8, 9, 35, 3, 3, 1, 1), "kernel:16:16:7"),
        (new(61, 7, 4, 32, 3, 3, 1, 1), "row:16:16:9"),
    });

    [Theory, MemberData(nameof(Convolutions))]
    public void Convolutions_give_the_bytes_of_the_specification(SimdTier tier, (Conv2dShape Shape, string Pattern) layer)
    {
        var (shape, random) = (layer.Shape, new Random(1));
        var weights = Weights(random, shape.Filters * shape.RowLength);
        var mask = layer.Pattern == "dense" ? null : Prune(shape, weights, layer.Pattern);
        var x = Bytes(random, shape.InputLength);
        var residual = Bytes(random, shape.OutputLength);
        foreach (var result in Results(random, shape.Filters))
        {
            var (expected, actual) = (new float[shape.OutputLength], new float[shape.OutputLength]);
            Run(SimdTier.Scalar, Int8Form.Direct, new(shape, null, weights, 131, result), x, residual, expected);
            var pruned = new Int8Layer(shape, mask?.ToKeptTaps(), weights, 131, result);
            foreach (var form in Int8Form.All.Where(form => form.Supports(tier, pruned)))
            {
                Array.Clear(actual);
                var kernel = form.Create(tier, pruned);
                for (var block = 0; block < kernel.Blocks; block++) Run(kernel, x, residual, actual, block, block + 1);
                AssertEqual(expected, actual, shape.Filters, shape.OutHeight * shape.OutWidth, result);
                Array.Clear(actual);
                Run(kernel, x, residual, actual, 0, kernel.Blocks);
                AssertEqual(expected, actual, shape.Filters, shape.OutHeight * shape.OutWidth, result);
            }
        }
    }

    [Theory, MemberData(nameof(Convolutions))]
    public void Convolutions_that_pool_give_the_largest_bytes(SimdTier tier, (Conv2dShape Shape, string Pattern) layer)
    {
        var shape = layer.Shape with { Height = layer.Shape.Height + 4, Width = layer.Shape.Width + 4 };
        while (shape.OutHeight % 2 > 0) shape = shape with { Height = shape.Height + 1 };
        while (shape.OutWidth % 2 > 0) shape = shape with { Width = shape.Width + 1 };
        var random = new Random(7);
        var weights = Weights(random, shape.Filters * shape.RowLength);
        var mask = layer.Pattern == "dense" ? null : Prune(shape, weights, layer.Pattern);
        var x = Bytes(random, shape.InputLength);
        var result = Rising(random, shape.Filters, shape.RowLength);
        var window = new WindowShape(shape.Filters, shape.OutHeight, shape.OutWidth, 2, 2, 2);
        var (map, expected) = (new float[shape.OutputLength], new float[shape.OutputLength]);
        Run(SimdTier.Scalar, Int8Form.Direct, new(shape, null, weights, 131, result), x, null, map);
        fixed (float* from = map, to = expected) ByteMap.Max(SimdTier.Scalar, window, (byte*)from, (byte*)to);
        var pruned = new Int8Layer(shape, mask?.ToKeptTaps(), weights, 131, result, Pools: true);
        foreach (var form in Int8Form.All.Where(form => form.Supports(tier, pruned)))
        {
            var kernel = form.Create(tier, pruned);
            foreach (var apart in new[] { 1, kernel.Blocks })
            {
                var actual = new float[shape.OutputLength];
                for (var block = 0; block < kernel.Blocks; block += apart) Run(kernel, x, null, actual, block, block + apart);
                AssertEqual(expected, actual, shape.Filters, window.OutHeight * window.OutWidth, result);
            }
        }
    }

    [Fact]
    public void Layers_whose_maxima_are_not_those_of_their_sums_do_not_pool()
    {
        var shape = new Conv2dShape(1, 4, 4, 1, 3, 3, 1, 1);
        var falling = new Int8Result(Requantisation.Create([-0.01], [0], [0], new(100, 0, 255))!, 1);
        var layer = new Int8Layer(shape, null, new sbyte[9], 0, Rising(new Random(8), 1, taps: 9), Pools: true);
        Assert.NotNull(Int8Form.Direct.Create(SimdTier.Scalar, layer));
        foreach (var illegal in new[] { layer with { Result = falling }, layer with { Shape = shape with { Width = 5 } } })
            Assert.Throws<ArgumentException>(() => Int8Form.Direct.Create(SimdTier.Scalar, illegal));
    }

    /// <summary>The largest sums of each Winograd form, which finds them modulo 2^26 or 2^30, from inputs that make them largest.</summary>
    [Theory, TierData]
    public void Winograd_forms_are_exact_up_to_their_bound(SimdTier tier)
    {
        var (large, small, byRow) = (Int8Form.Winograd[0], Int8Form.Winograd[1], Int8Form.Winograd[2]);
        foreach (var (form, stride, bits) in new[] { (large, 1, 25), (large, 2, 29), (small, 1, 29), (byRow, 1, 29) })
        {
            var most = (1 << bits) / 255; // of the sizes of a filter's weights
            var shape = new Conv2dShape(most / 127 / 9 + 1, 4, 5, 2, 3, 3, stride, 1);
            var filter = new sbyte[shape.RowLength];
            Array.Fill(filter, (sbyte)127, 0, most / 127);
            filter[most / 127] = (sbyte)(most % 127);
            var layer = new Int8Layer(
                shape, null, [.. filter, .. filter.Select(weight => (sbyte)-weight)], 255,
                new(new SumScale([-255 * most, 255 * most], [1, 1])));
            var isSupported = form == byRow ? tier == SimdTier.V512 : tier != SimdTier.Scalar;
            Assert.Equal(isSupported, form.Supports(tier, layer));
            filter[^1]++;
            Assert.False(form.Supports(tier, layer with { Weights = [.. filter, .. new sbyte[filter.Length]] }));
            if (!isSupported) continue;
            var x = Enumerable.Repeat((byte)255, shape.InputLength).ToArray();
            var y = new float[shape.OutputLength];
            Run(tier, form, layer, x, null, y);
            Assert.All(y, sum => Assert.Equal(0, sum));
        }
    }

    [Theory, TierData]
    public void The_largest_sums_are_exact(SimdTier tier)
    {
        var shape = new Conv2dShape(1024, 4, 4, 2, 8, 8, 1, 2);
        sbyte[] weights = [.. Enumerable.Repeat((sbyte)127, shape.RowLength), .. Enumerable.Repeat((sbyte)-127, shape.RowLength)];
        var x = Enumerable.Repeat((byte)255, shape.InputLength).ToArray();
        var y = new float[shape.OutputLength];
        Run(tier, Int8Form.Direct, new(shape, null, weights, 255, new(new SumScale([-5, 7], [1, 1]))), x, null, y);
        Assert.Equal([65536 * 127 * 255 - 5f, -65536 * 127 * 255 + 7f], y[..2]);
    }

    [Theory, TierData]
    public void Depthwise_convolutions_give_the_bytes_of_the_specification(SimdTier tier)
    {
        foreach (var shape in new WindowShape[]
            {
                new(19, 6, 7, 3, 3, 1, 1), new(32, 7, 5, 5, 2, 2, 1), new(1, 4, 4, 4, 4), new(17, 5, 40, 3, 3, 2, 1),
                new(3, 6, 7, 2, 3, 1) { Sides = new(1, 0, 0, 2), StrideWidth = 2 }, new(16, 3, 3, 1, 1, 3, 0), new(5, 2, 2, 5, 5, 2, 4),
                new(20, 3, 41, 2, 9, 1, 4), new(16, 12, 11, 7, 7, 4, 3), new(2, 5, 9, 5, 1, 3, 2), new(40, 1, 1, 3, 3, 1, 1),
            })
        {
            var random = new Random(2);
            var (x, residual) = (Bytes(random, shape.Blocks * shape.InputPlane), Bytes(random, shape.Blocks * shape.OutputPlane));
            var weights = Weights(random, shape.Channels * shape.Area);
            foreach (var result in Results(random, shape.Channels))
            {
                var (expected, actual) = (new float[shape.Blocks * shape.OutputPlane], new float[shape.Blocks * shape.OutputPlane]);
                fixed (byte* from = x, added = residual)
                {
                    fixed (float* right = expected, y = actual)
                    {
                        new Int8Depthwise(SimdTier.Scalar, shape, weights, 7, result).Forward(from, added, right, 0, shape.Blocks, null);
                        var kernel = new Int8Depthwise(tier, shape, weights, 7, result);
                        var scratch = new int[kernel.ScratchLength];
                        fixed (int* memory = scratch) kernel.Forward(from, added, y, 0, shape.Blocks, memory);
                    }
                }

                AssertEqual(expected, actual, shape.Channels, shape.OutHeight * shape.OutWidth, result);
            }
        }
    }

    [Theory, TierData]
    public void Poolings_give_the_bytes_of_the_specification(SimdTier tier)
    {
        WindowShape[] shapes =
        [
            new(19, 7, 6, 3, 3, 2, 1), new(16, 5, 5, 2, 2, 2, 0, CeilMode: true), WindowShape.WholeMap(33, 4, 5),
            new(20, 6, 4, 2, 2, 2), new(3, 6, 7, 2, 3, 1) { Sides = new(1, 0, 0, 2), StrideWidth = 2 },
        ];
        foreach (var shape in shapes)
        {
            var random = new Random(3);
            var x = Bytes(random, shape.Blocks * shape.InputPlane);
            var counts = shape.IsWholeEverywhere ? [shape.Area] : Enumerable.Range(1, shape.Area).ToArray();
            var mean = Requantisation.Create(
                [.. counts.Select(count => 1.1 / 256 / count)], [.. counts.Select(count => 30L * 256 * count)], new double[counts.Length],
                new(40, 5, 250))!;
            AssertEqual((t, from, to) => ByteMap.Max(t, shape, from, to));
            AssertEqual((t, from, to) => ByteMap.Mean(t, shape, false, 30, 8, mean, from, to));
            AssertEqual((t, from, to) => ByteMap.Mean(t, shape, true, 30, 8, mean, from, to));

            void AssertEqual(PoolFunction pool)
            {
                var (expected, actual) = (new byte[shape.OutputLength(1)], new byte[shape.OutputLength(1)]);
                fixed (byte* from = x, right = expected, to = actual)
                {
                    pool(SimdTier.Scalar, from, right);
                    pool(tier, from, to);
                }

                Assert.Equal(expected, actual);
            }
        }
    }

    [Theory, TierData]
    public void Sums_and_conversions_give_the_bytes_of_the_specification(SimdTier tier)
    {
        const int channels = 19, pixels = 7, length = 2 * pixels * 16;
        var random = new Random(4);
        var (x, second) = (Bytes(random, length), Bytes(random, length));
        float[] edges = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, 0.05f, 0.15f, -0.05f, 1e30f, -1e30f, 1e-40f];
        var floats = Enumerable.Range(0, length).Select(i => i < edges.Length ? edges[i] : random.NextSingle() * 30 - 15).ToArray();
        var (bytes, numbers) = (new Dictionary<SimdTier, List<byte[]>>(), new Dictionary<SimdTier, float[]>());
        foreach (var t in new[] { SimdTier.Scalar, tier })
        {
            bytes[t] = [];
            fixed (byte* fixedX = x, fixedSecond = second)
            {
                byte* a = fixedX, b = fixedSecond; // functions cannot capture what is fixed
                foreach (var result in Results(new Random(5), channels).Take(2).Append(new(
                    Requantisation.Create([1.3 / 256], [100 << 8], [0], new(50, 50, 255), 0.7, 9)!, channels)))
                    bytes[t].Add(Written(to => ByteMap.Rescale(t, a, b, 8, result, channels, pixels, to)));
                fixed (float* f = floats, to = numbers[t] = new float[length])
                {
                    var from = f;
                    bytes[t].Add(Written(y => ByteMap.FromFloats(t, from, length, 0.1f, 113, y)));
                    ByteMap.ToFloats(t, a, channels, pixels, 0.037f, 113, to);
                }
            }
        }

        for (var i = 0; i < bytes[tier].Count; i++) AssertLanes(bytes[SimdTier.Scalar][i], bytes[tier][i], channels, pixels);
        Assert.Equal(numbers[SimdTier.Scalar], numbers[tier]);
        Assert.All(Enumerable.Range(0, length), i => Assert.True(i / 16 / pixels * 16 + i % 16 < channels || numbers[tier][i] == 0));
        byte[] ofEdges = [0, 255, 0, 113, 114, 115, 113, 255, 0, 113];
        Assert.Equal(ofEdges, bytes[tier][3][..edges.Length]); // 112.5 goes up; 0.15f is above 1.5 steps

        static byte[] Written(ByteFunction function)
        {
            var y = new byte[length];
            fixed (byte* to = y) function(to);
            return y;
        }
    }

    [Theory, TierData]
    public void Plain_floats_become_the_bytes_of_blocked_ones(SimdTier tier)
    {
        foreach (var (channels, pixels) in new[] { (1, 7), (1, 16), (1, 50), (2, 33), (3, 16), (3, 31), (4, 48) })
        {
            var random = new Random(6);
            var plain = Enumerable.Range(0, channels * pixels).Select(_ => random.NextSingle() * 30 - 15).ToArray();
            var blocked = new float[pixels * 16];
            var (expected, actual) = (new byte[pixels * 16], new byte[pixels * 16]);
            fixed (float* x = plain, b = blocked)
            {
                fixed (byte* right = expected, y = actual)
                {
                    Layout.FromPlain(x, 1, channels, pixels, b);
                    ByteMap.FromFloats(SimdTier.Scalar, b, blocked.Length, 0.1f, 113, right);
                    ByteMap.FromPlain(tier, x, channels, pixels, 0.1f, 113, y);
                }
            }

            Assert.Equal(expected, actual);
        }
    }

    [Fact]
    public void Bytes_move_to_their_channels()
    {
        const int pixels = 3;
        var (random, table) = (new Random(6), Enumerable.Range(0, 256).Select(i => (byte)(255 - i)).ToArray());
        var (a, b) = (Bytes(random, 16 * pixels), Bytes(random, 2 * 16 * pixels));
        var (joined, flat) = (new byte[2 * 16 * pixels], new byte[10 * 16]);
        fixed (byte* first = a, second = b, y = joined, f = flat)
        {
            ByteMap.Concat(table, first, 5, pixels, 0, y);
            ByteMap.Concat(table, second, 21, pixels, 5, y);
            ByteMap.Flatten(y, 26, pixels, f);
        }

        for (var i = 0; i < 26 * pixels; i++)
        {
            var (channel, pixel) = (i / pixels, i % pixels);
            var (from, own) = channel < 5 ? (a, channel) : (b, channel - 5);
            Assert.Equal(255 - from[(own / 16 * pixels + pixel) * 16 + own % 16], flat[i]);
        }
    }

    private delegate void PoolFunction(SimdTier tier, byte* x, byte* y);

    private delegate void ByteFunction(byte* y);

    /// <summary>Bytes with and without a residual, and floats.</summary>
    private static IEnumerable<Int8Result> Results(Random random, int channels)
    {
        double[] factors = [.. Enumerable.Range(0, channels).Select(_ => (random.NextDouble() - 0.4) * 0.02)];
        long[] zeros = [.. factors.Select(_ => random.NextInt64(-3000, 3000))];
        double[] biases = [.. factors.Select(_ => random.NextDouble() * 60 - 30)];
        yield return new(Requantisation.Create(factors, zeros, biases, new(100, 3, 240))!, channels);
        yield return new(Requantisation.Create(factors, zeros, biases, new(100, 0, 255), 0.77, 60)!, channels);
        yield return new(new SumScale([.. zeros.Select(zero => (int)zero)], [.. factors.Select(factor => (float)factor)]));
    }

    /// <summary>Bytes that rise with their sums, few of which are at a bound; those of the last channel are all one.</summary>
    private static Int8Result Rising(Random random, int channels, int taps)
    {
        var most = 0.01 / Math.Sqrt(taps);
        double[] factors = [.. Enumerable.Range(1, channels).Select(i => i == channels && i > 1 ? 0 : random.NextDouble() * most)];
        long[] zeros = [.. factors.Select(_ => random.NextInt64(-3000, 3000))];
        double[] biases = [.. factors.Select(_ => random.NextDouble() * 60 - 30)];
        return new(Requantisation.Create(factors, zeros, biases, new(100, 3, 240))!, channels);
    }

    private static LayerMask Prune(Conv2dShape shape, sbyte[] weights, string pattern)
    {
        int[] extents = [shape.Filters, shape.Channels, shape.KernelHeight, shape.KernelWidth];
        var floats = Array.ConvertAll(weights, w => (float)w);
        var mask = UhpPruner.Prune(new(extents, floats), UhpPattern.Parse(pattern));
        mask.Apply(floats);
        for (var i = 0; i < weights.Length; i++) weights[i] = (sbyte)floats[i];
        return mask;
    }

    private static void Run(SimdTier tier, Int8Form form, Int8Layer layer, byte[] x, byte[]? residual, float[] y) =>
        Run(form.Create(tier, layer), x, residual, y, 0, layer.Shape.FilterBlocks);

    private static void Run(Int8Convolution kernel, byte[] x, byte[]? residual, float[] y, int first, int end)
    {
        fixed (byte* from = x, added = residual)
        {
            const int behind = 64, untouched = 0x5A5A5A5A;
            var memory = new int[kernel.ScratchLength + behind];
            Array.Fill(memory, untouched);
            fixed (float* to = y)
            fixed (int* scratch = memory) kernel.Forward(from, added, to, first, end, scratch);
            Assert.All(memory[^behind..], value => Assert.Equal(untouched, value));
        }
    }

    /// <summary>The elements of channels are equal; other lanes may hold any byte, but no float but 0.</summary>
    private static void AssertEqual(float[] expected, float[] actual, int channels, int pixels, Int8Result result)
    {
        if (result.IsFloat) Assert.Equal(expected, actual);
        else AssertLanes(AsBytes(expected), AsBytes(actual), channels, pixels);

        static byte[] AsBytes(float[] map) =>
            System.Runtime.InteropServices.MemoryMarshal.AsBytes(map.AsSpan())[..map.Length].ToArray();
    }

    private static void AssertLanes(byte[] expected, byte[] actual, int channels, int pixels)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            if (i / 16 / pixels * 16 + i % 16 >= channels) continue;
            Assert.True(expected[i] == actual[i], $"{expected[i]} was expected at {i}, not {actual[i]}");
        }
    }

    private static sbyte[] Weights(Random random, int length) =>
        [.. Enumerable.Range(0, length).Select(_ => (sbyte)random.Next(-127, 128))];

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
