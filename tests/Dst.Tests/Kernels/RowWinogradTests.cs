using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>The Winograd form of small maps and large weights, against the direct convolution in double precision.</summary>
[Trait("Category", "Tier")]
public unsafe class RowWinogradTests
{
    private const float Guard = 12345;

    /// <summary>Weights have 16 bits: errors of a filter's largest weight over 65,534 in each product.</summary>
    private const double Tolerance = 2e-4;

    public static TheoryData<SimdTier, Conv2dShape> Shapes => Tiers.With(_ => new Conv2dShape[]
    {
        new(1, 2, 1, 3, 3, 3, 1, 1),
        new(16, 2, 2, 16, 3, 3, 1, 1), // one tile
        new(17, 3, 3, 20, 3, 3, 1, 1),
        new(40, 4, 4, 33, 3, 3, 1, 1), // four tiles
        new(64, 4, 6, 16, 3, 3, 1, 1), // six tiles: two go with two that are not there
        new(19, 7, 5, 48, 3, 3, 1, 0),
        new(5, 3, 9, 7, 3, 3, 1, 2),
        new(33, 8, 8, 32, 3, 3, 1, 1),
    });

    [Theory, MemberData(nameof(Shapes))]
    public void Outputs_are_those_of_the_convolution(SimdTier tier, Conv2dShape shape)
    {
        foreach (var kept in new[] { null, Half(shape) })
        {
            Assert.Equal(tier == SimdTier.V512, RowWinogradConvolution.Supports(tier, shape));
            if (tier != SimdTier.V512) return;
            using var layer = new Layer(shape, kept);
            using AlignedBuffer whole = new(shape.OutputLength + Layout.Block), parts = new(shape.OutputLength);
            whole.Span.Fill(Guard);
            layer.Forward(0, shape.FilterBlocks, whole);
            for (var i = shape.OutputLength; i < whole.Length; i++) Assert.Equal(Guard, whole.Pointer[i]);
            layer.CheckGuards();
            for (var b = shape.FilterBlocks - 1; b >= 0; b--) layer.Forward(b, b + 1, parts);
            Assert.Equal(whole.Span[..(int)parts.Length], parts.Span);
            using var expected = layer.Expected();
            var most = expected.Span.ToArray().Max(Math.Abs);
            Assert.True(most > 0.1);
            for (var i = 0; i < expected.Length; i++)
                Assert.InRange(whole.Pointer[i] - expected.Pointer[i], -Tolerance * most, Tolerance * most);
        }
    }

    [Fact]
    public void Layers_of_other_kinds_are_refused()
    {
        var shape = new Conv2dShape(16, 4, 4, 16, 3, 3, 1, 1);
        foreach (var other in new[] { shape with { Stride = 2 }, shape with { KernelWidth = 1 }, shape with { Groups = 2 } })
            Assert.Throws<ArgumentException>(() => new RowWinogradConvolution(SimdTier.V512, other, kept: null));
        Assert.Throws<ArgumentException>(() => new RowWinogradConvolution(SimdTier.V256, shape, kept: null));
        Assert.Throws<ArgumentException>(() => new RowWinogradConvolution(SimdTier.V512, shape, null).PackWeights(new float[3], null));
    }

    [Fact]
    public void Filters_of_zeros_and_of_tiny_weights_are_packed()
    {
        var kernel = new RowWinogradConvolution(SimdTier.V512, new(1, 4, 4, 3, 3, 3, 1, 1), kept: null);
        using var packed = new AlignedBuffer(kernel.WeightLength);
        var weights = new float[27];
        Array.Fill(weights, 1e-40f, 9, 9);
        Array.Fill(weights, 1, 18, 9);
        kernel.PackWeights(weights, packed.Pointer);
        Assert.Equal(0, packed.Pointer[0]);
        Assert.Equal(1e-40f / short.MaxValue, packed.Pointer[1]);
        Assert.Equal(1f / short.MaxValue, packed.Pointer[2]);
        var rounded = (short*)(packed.Pointer + 4 * Layout.Block); // the first row, whose weights are those of the kernels
        Assert.Equal<short>([0, short.MaxValue, short.MaxValue, 0], new ReadOnlySpan<short>(rounded, 4).ToArray());
    }

    private static KeptTaps? Half(Conv2dShape shape) =>
        shape.Channels < 2 ? null : DirectConvolutionCase.Half(shape, Layout.Block, group: 2, unitLength: 9);

    /// <summary>A layer with random values, a residual and a ReLU behind it, and scratch memory full of NaN.</summary>
    private sealed class Layer : IDisposable
    {
        private readonly RowWinogradConvolution _kernel;
        private readonly float[] _weights;
        private readonly Blocked _x;
        private readonly Blocked _residual;
        private readonly AlignedBuffer _bias;
        private readonly AlignedBuffer _packed;
        private readonly AlignedBuffer _scratch;

        public Layer(Conv2dShape shape, KeptTaps? kept)
        {
            _kernel = new(SimdTier.V512, shape, kept);
            _x = Blocked.Random(1, shape.Channels, shape.Height, shape.Width, seed: 1);
            _residual = Blocked.Random(1, shape.Filters, shape.OutHeight, shape.OutWidth, seed: 3);
            var random = new Random(2);
            _weights = [.. Enumerable.Range(0, shape.Filters * shape.RowLength).Select(_ => random.NextSingle() - 0.5f)];
            if (kept is not null) KeepOnly(kept, shape);
            _bias = new(Layout.PaddedChannels(shape.Filters));
            for (var filter = 0; filter < shape.Filters; filter++) _bias.Pointer[filter] = random.NextSingle();
            (_packed, _scratch) = (new(_kernel.WeightLength + Layout.Block), new(_kernel.ScratchLength + Layout.Block));
            foreach (var memory in new[] { _packed, _scratch })
            {
                memory.Span.Fill(float.NaN);
                memory.Span[^Layout.Block..].Fill(Guard);
            }

            _kernel.PackWeights(_weights, _packed.Pointer);
        }

        public void Forward(int first, int end, AlignedBuffer y) => _kernel.Forward(
            first, end, _x.Pointer, _packed.Pointer, new(_bias.Pointer, _residual.Pointer, Bounds.Relu), y.Pointer, _scratch.Pointer);

        public void CheckGuards()
        {
            foreach (var memory in new[] { _packed, _scratch })
                Assert.All(memory.Span[^Layout.Block..].ToArray(), value => Assert.Equal(Guard, value));
        }

        public AlignedBuffer Expected()
        {
            var s = _kernel.Shape;
            var y = new AlignedBuffer(s.OutputLength);
            fixed (float* w = _weights) DirectConvolution.ForwardReference(s, 1, _x.Pointer, w, _bias.Pointer, y.Pointer);
            new Epilogue(null, _residual.Pointer, Bounds.Relu)
                .Apply(SimdTier.Scalar, y.Pointer, 1, s.FilterBlocks, s.OutHeight * s.OutWidth);
            return y;
        }

        public void Dispose()
        {
            foreach (var memory in new IDisposable[] { _x, _residual, _bias, _packed, _scratch }) memory.Dispose();
        }

        private void KeepOnly(KeptTaps kept, Conv2dShape shape)
        {
            for (var i = 0; i < _weights.Length; i++)
            {
                var (filter, tap) = Math.DivRem(i, shape.RowLength);
                if (Array.BinarySearch(kept.Positions[filter / kept.Block], tap) < 0) _weights[i] = 0;
            }
        }
    }
}
