using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>The Winograd form of few channels, against the direct convolution in double precision and the maximum of its outputs.</summary>
[Trait("Category", "Tier")]
public unsafe class PlanarWinogradTests
{
    private const float Guard = 12345;

    [Theory]
    [TierData(1, 7, 9, 5, 3, 3, 0)]
    [TierData(1, 3, 3, 1, 3, 3, 0)] // one pixel
    [TierData(2, 1, 1, 17, 3, 3, 1)]
    [TierData(3, 12, 22, 20, 5, 5, 2)]
    [TierData(4, 41, 70, 17, 3, 5, 1)] // several bands; the last pair of rows has a single one
    [TierData(1, 33, 6, 3, 3, 3, 1)] // the last band is a single row
    [TierData(2, 9, 5, 40, 5, 3, 4)]
    [TierData(2, 2, 3, 7, 3, 3, 4)] // rows and columns of padding alone
    [TierData(1, 36, 36, 16, 5, 5, 0)] // two whole bands
    public void Outputs_are_those_of_the_convolution(
        SimdTier tier, int channels, int height, int width, int filters, int kernelHeight, int kernelWidth, int padding) =>
        CheckOutputs(tier, new(channels, height, width, filters, kernelHeight, kernelWidth, 1, padding), isPooled: false);

    [Theory]
    [TierData(1, 6, 8, 5, 3, 3, 0)]
    [TierData(1, 4, 4, 1, 3, 3, 0)] // one window
    [TierData(3, 12, 22, 20, 5, 5, 2)]
    [TierData(4, 40, 72, 17, 3, 5, 1)] // 35 columns of windows: the last tile has one
    [TierData(2, 8, 6, 40, 5, 3, 4)]
    [TierData(1, 88, 88, 16, 5, 5, 0)]
    public void Pooled_outputs_are_maxima_of_the_convolution(
        SimdTier tier, int channels, int height, int width, int filters, int kernelHeight, int kernelWidth, int padding) =>
        CheckOutputs(tier, new(channels, height, width, filters, kernelHeight, kernelWidth, 1, padding), isPooled: true);

    [Theory]
    [TierData(true)]
    [TierData(false)]
    public void A_band_and_a_plain_image_give_the_same_bits(SimdTier tier, bool isPooled)
    {
        var shape = new Conv2dShape(3, 50, 42, 20, 5, 5, 1, 2);
        if (!HasForm(tier, shape, isPooled)) return;
        using var layer = new Layer(tier, shape, isPooled);
        using AlignedBuffer whole = new(layer.Kernel.OutputLength), bands = new(whole.Length), plain = new(shape.PlainInputLength);
        layer.Forward(0, layer.Kernel.Bands, layer.X.Pointer, isPlain: false, whole);
        Layout.ToPlain(layer.X.Pointer, 1, shape.Channels, shape.Height * shape.Width, plain.Pointer);
        Assert.True(layer.Kernel.Bands > 2);
        for (var band = layer.Kernel.Bands - 1; band >= 0; band--) layer.Forward(band, band + 1, plain.Pointer, isPlain: true, bands);
        Assert.Equal(whole.Span, bands.Span);
    }

    [Theory]
    [TierData]
    public void A_maximum_beside_what_is_not_a_number_is_not_a_number(SimdTier tier)
    {
        var shape = new Conv2dShape(1, 12, 12, 16, 3, 3, 1, 1);
        if (!HasForm(tier, shape, isPooled: true)) return;
        using Layer plain = new(tier, shape, isPooled: false), pooled = new(tier, shape, isPooled: true);
        using AlignedBuffer y = new(plain.Kernel.OutputLength), maxima = new(pooled.Kernel.OutputLength);
        foreach (var row in new[] { 4, 5 })
        {
            foreach (var layer in new[] { plain, pooled }) layer.X.Span.Clear();
            foreach (var layer in new[] { plain, pooled }) layer.X.Span[(row * 12 + 6) * Layout.Block] = float.NaN;
            plain.Forward(0, 1, plain.X.Pointer, isPlain: false, y);
            pooled.Forward(0, 1, pooled.X.Pointer, isPlain: false, maxima);
            var hidden = 0;
            for (var window = 0; window < 36; window++)
            {
                var corner = (window / 6 * 2 * 12 + window % 6 * 2) * Layout.Block;
                var ofWindow = new[] { 0, 1, 12, 13 }.Count(pixel => float.IsNaN(y.Pointer[corner + pixel * Layout.Block]));
                Assert.Equal(ofWindow > 0, float.IsNaN(maxima.Pointer[window * Layout.Block]));
                if (ofWindow is > 0 and < 4) hidden++;
            }

            Assert.True(hidden > 0);
        }
    }

    [Theory]
    [TierData(true)]
    [TierData(false)]
    public void A_weight_that_is_not_a_number_is_not_hidden(SimdTier tier, bool isPooled)
    {
        var shape = new Conv2dShape(1, 12, 12, 16, 3, 3, 1, 1);
        if (!HasForm(tier, shape, isPooled)) return;
        using var layer = new Layer(tier, shape, isPooled, weight => weight == 9 + 4 ? float.NaN : 1);
        using var y = new AlignedBuffer(layer.Kernel.OutputLength);
        layer.Forward(0, layer.Kernel.Bands, layer.X.Pointer, isPlain: false, y);
        for (var i = 0; i < y.Length; i++) Assert.Equal(i % Layout.Block == 1, float.IsNaN(y.Pointer[i]));
    }

    [Fact]
    public void Layers_of_other_kinds_are_refused()
    {
        var tier = SimdTiers.Best;
        var shape = new Conv2dShape(1, 9, 8, 16, 3, 3, 1, 1);
        if (!HasForm(tier, shape, isPooled: false)) return;
        Assert.False(PlanarWinogradConvolution.Supports(tier, shape, isPooled: true)); // nine rows
        foreach (var other in new[]
            {
                shape with { Channels = 5 }, shape with { KernelWidth = 4 }, shape with { KernelHeight = 1, Padding = 0 },
                shape with { Stride = 2 }, shape with { Channels = 2, Groups = 2 },
            })
        {
            Assert.False(PlanarWinogradConvolution.Supports(tier, other, isPooled: false));
            Assert.Throws<ArgumentException>(() => new PlanarWinogradConvolution(tier, other, isPooled: false));
        }

        using var layer = new Layer(tier, shape, isPooled: false);
        Assert.Throws<ArgumentException>(() => layer.Kernel.PackWeights(new float[3], layer.U.Pointer));
        Assert.Throws<ArgumentException>(
            () => layer.Kernel.Forward(0, 1, null, true, layer.U.Pointer, Epilogue.None, null, layer.Scratch.Pointer));
    }

    /// <summary>Every tier has the form but the scalar one.</summary>
    private static bool HasForm(SimdTier tier, Conv2dShape shape, bool isPooled)
    {
        Assert.Equal(tier != SimdTier.Scalar, PlanarWinogradConvolution.Supports(tier, shape, isPooled));
        return tier != SimdTier.Scalar;
    }

    private static void CheckOutputs(SimdTier tier, Conv2dShape shape, bool isPooled)
    {
        if (!HasForm(tier, shape, isPooled)) return;
        using var layer = new Layer(tier, shape, isPooled);
        using var y = new AlignedBuffer(layer.Kernel.OutputLength + Layout.Block);
        y.Span.Fill(Guard);
        layer.Forward(0, layer.Kernel.Bands, layer.X.Pointer, isPlain: false, y);
        for (var i = layer.Kernel.OutputLength; i < y.Length; i++) Assert.Equal(Guard, y.Pointer[i]);
        layer.CheckGuards();
        using var expected = layer.Expected();
        var most = expected.Span.ToArray().Max(Math.Abs);
        Assert.True(most > 0.1);
        for (var i = 0; i < expected.Length; i++) Assert.InRange(y.Pointer[i] - expected.Pointer[i], -1e-5 * most, 1e-5 * most);
    }

    /// <summary>A layer with random values, a ReLU behind it, and scratch memory full of NaN.</summary>
    private sealed class Layer : IDisposable
    {
        private readonly float[] _weights;

        public Layer(SimdTier tier, Conv2dShape shape, bool isPooled, Func<int, float>? weight = null)
        {
            Kernel = new(tier, shape, isPooled);
            X = Blocked.Random(1, shape.Channels, shape.Height, shape.Width, seed: 1);
            var random = new Random(2);
            _weights = [.. Enumerable.Range(0, shape.Filters * shape.RowLength).Select(weight ?? (_ => random.NextSingle() - 0.5f))];
            Bias = new(Layout.PaddedChannels(shape.Filters));
            for (var filter = 0; filter < shape.Filters; filter++) Bias.Pointer[filter] = random.NextSingle();
            (U, Scratch) = (new(Kernel.WeightLength + Layout.Block), new(Kernel.ScratchLength + Layout.Block));
            foreach (var memory in new[] { U, Scratch })
            {
                memory.Span.Fill(float.NaN);
                memory.Span[^Layout.Block..].Fill(Guard);
            }

            Kernel.PackWeights(_weights, U.Pointer);
        }

        public PlanarWinogradConvolution Kernel { get; }

        public Blocked X { get; }

        public AlignedBuffer U { get; }

        public AlignedBuffer Scratch { get; }

        private AlignedBuffer Bias { get; }

        public void Forward(int firstBand, int endBand, float* x, bool isPlain, AlignedBuffer y) => Kernel.Forward(
            firstBand, endBand, x, isPlain, U.Pointer, new(Bias.Pointer, null, Bounds.Relu), y.Pointer, Scratch.Pointer);

        public void CheckGuards()
        {
            foreach (var memory in new[] { U, Scratch })
                Assert.All(memory.Span[^Layout.Block..].ToArray(), value => Assert.Equal(Guard, value));
        }

        public AlignedBuffer Expected()
        {
            var s = Kernel.Shape;
            var y = new AlignedBuffer(s.OutputLength);
            fixed (float* w = _weights) DirectConvolution.ForwardReference(s, 1, X.Pointer, w, Bias.Pointer, y.Pointer);
            new Epilogue(null, null, Bounds.Relu).Apply(SimdTier.Scalar, y.Pointer, 1, s.FilterBlocks, s.OutHeight * s.OutWidth);
            if (!Kernel.IsPooled) return y;
            using (y)
            {
                var pooled = new AlignedBuffer(s.OutputLength / 4);
                MaxPool.Forward(SimdTier.Scalar, new(s.Filters, s.OutHeight, s.OutWidth, 2, 2, 2), y.Pointer, 1, pooled.Pointer);
                return pooled;
            }
        }

        public void Dispose()
        {
            X.Dispose();
            U.Dispose();
            Scratch.Dispose();
            Bias.Dispose();
        }
    }
}
