using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>The forms with tiles in the lanes, against the direct convolution in double precision.</summary>
[Trait("Category", "Tier")]
public unsafe class TileConvolutionTests
{
    private const float Guard = 12345;

    private const double Tolerance = 2e-5;

    public static TheoryData<SimdTier, Conv2dShape> Shapes => Tiers.With(_ => new Conv2dShape[]
    {
        new(2, 1, 2, 3, 3, 3, 1, 1),
        new(3, 5, 17, 20, 3, 3, 1, 1), // a plain row with a tile behind whole ones
        new(16, 16, 16, 16, 3, 3, 1, 1), // one vector of tiles
        new(17, 7, 66, 16, 3, 3, 1, 1), // 17 tiles a row
        new(40, 22, 22, 33, 3, 3, 1, 1), // bands that end within a vector
        new(16, 32, 32, 16, 3, 3, 1, 1), // two bands
        new(48, 16, 48, 40, 3, 3, 1, 1), // three vectors together
        new(19, 64, 20, 16, 3, 3, 1, 1), // a band of four vectors or more
        new(2, 3, 200, 5, 3, 3, 1, 1), // a row of 50 tiles
        new(64, 96, 32, 5, 3, 3, 1, 1), // inputs become planes for two of six bands at a time
        new(64, 46, 49, 3, 3, 3, 1, 1), // and for one band, which begins within a vector
        new(48, 22, 80, 5, 3, 3, 1, 1), // a band that begins within a vector and ends below the map
        new(2, 1, 3, 3, 3, 3, 2, 1),
        new(3, 7, 18, 20, 3, 3, 2, 1), // squares whose outputs are 2×1 and 2×2 pixels
        new(16, 16, 16, 17, 3, 3, 2, 1), // one vector of tiles, whose outputs are no vector of squares
        new(40, 22, 22, 33, 3, 3, 2, 1),
        new(17, 32, 32, 16, 3, 3, 2, 1), // one vector of squares
        new(16, 64, 64, 5, 3, 3, 2, 1), // four of them
        new(96, 64, 32, 16, 3, 3, 2, 1), // and two, each a band
        new(5, 16, 64, 3, 3, 3, 2, 1), // rows of 16 tiles
        new(5, 64, 16, 3, 3, 3, 2, 1), // of 4
        new(5, 8, 128, 3, 3, 3, 2, 1), // and of 32, two of which are no vectors of squares
        new(3, 5, 17, 20, 1, 1, 1, 0),
        new(16, 16, 32, 33, 1, 1, 1, 0),
        new(64, 46, 49, 3, 1, 1, 1, 0),
        new(3, 7, 18, 20, 1, 1, 2, 0),
        new(33, 32, 32, 16, 1, 1, 2, 0),
        new(16, 64, 64, 40, 1, 1, 2, 0),
    });

    [Theory, MemberData(nameof(Shapes))]
    public void Outputs_are_those_of_the_convolution(SimdTier tier, Conv2dShape shape)
    {
        Assert.Equal(tier >= SimdTier.V256, TileConvolution.Supports(tier, shape, isPooled: false));
        if (tier < SimdTier.V256) return;
        bool reads = AreVectors(shape.Height, shape.Width), writes = reads && AreVectors(shape.OutHeight, shape.OutWidth);
        if (shape is { Stride: 2, Width: > 64 } || (shape.Stride == 2 && tier == SimdTier.V256)) writes = false;
        Assert.Equal(reads, TileConvolution.ReadsPlanes(tier, shape));
        Assert.Equal(writes, TileConvolution.WritesPlanes(tier, shape));
        MapLayout[] inputs = reads ? [MapLayout.Plain, MapLayout.Blocked, MapLayout.Planes] : [MapLayout.Plain, MapLayout.Blocked];
        MapLayout[] outputs = writes ? [MapLayout.Blocked, MapLayout.Planes] : [MapLayout.Blocked];
        foreach (var kept in new[] { null, Half(shape, shape.KernelWidth * shape.KernelWidth), Half(shape, shape.KernelWidth) }.Distinct())
        {
            using var layer = new Layer(tier, shape, kept, isPooled: false);
            var all = from input in inputs from residual in outputs from output in outputs select (input, residual, output);
            foreach (var (input, residual, output) in all)
            {
                layer.Check(input, residual, output, hasResidual: false);
                if (shape.Stride == 1 || residual == output) layer.Check(input, residual, output, hasResidual: true);
                else Assert.Throws<ArgumentException>(() => layer.Check(input, residual, output, hasResidual: true));
            }
        }

        static bool AreVectors(int height, int width) => height % 4 == 0 && width % 4 == 0 && height * width % 256 == 0;
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Maxima_of_outputs_are_those_of_the_convolution(SimdTier tier, Conv2dShape shape)
    {
        var isCovered = shape.Height % 2 == 0 && shape.Width % 2 == 0 && shape is { KernelWidth: 3, Stride: 1 };
        Assert.Equal(tier >= SimdTier.V256 && isCovered, TileConvolution.Supports(tier, shape, isPooled: true));
        if (tier < SimdTier.V256 || !isCovered) return;
        foreach (var kept in new[] { null, Half(shape, unit: 9) }.Distinct())
        {
            using var layer = new Layer(tier, shape, kept, isPooled: true);
            layer.Check(MapLayout.Blocked, MapLayout.Blocked, MapLayout.Blocked, hasResidual: false);
            layer.Check(MapLayout.Plain, MapLayout.Blocked, MapLayout.Blocked, hasResidual: false);
            Assert.Throws<ArgumentException>(
                () => layer.Check(MapLayout.Blocked, MapLayout.Blocked, MapLayout.Blocked, hasResidual: true));
        }
    }

    [Fact]
    public void Layers_of_other_kinds_are_refused()
    {
        var shape = new Conv2dShape(16, 8, 8, 16, 3, 3, 1, 1);
        Conv2dShape[] others =
            [shape with { Stride = 3 }, shape with { KernelWidth = 1 }, shape with { Groups = 2 }, shape with { Padding = 0 }];
        foreach (var other in others)
            Assert.Throws<ArgumentException>(() => new TileConvolution(SimdTier.V512, other, null, isPooled: false));
        Assert.Throws<ArgumentException>(() => new TileConvolution(SimdTier.V128, shape, null, isPooled: false));
        Assert.Throws<ArgumentException>(
            () => new TileConvolution(SimdTier.V512, shape with { Width = 7 }, null, isPooled: true));
        Assert.Throws<ArgumentException>(
            () => new TileConvolution(SimdTier.V512, shape, null, isPooled: false).PackWeights(new float[3], null));
        Assert.Throws<ArgumentException>(
            () => new TileConvolution(SimdTier.V512, shape, null, isPooled: false)
                .Forward((0, 1), (0, 1), default, null, Epilogue.None, null));
    }

    [Fact]
    public void Rows_that_are_dropped_take_their_products_with_them()
    {
        var shape = new Conv2dShape(16, 32, 32, 16, 3, 3, 1, 1);
        int[] firstRows = [.. Enumerable.Range(0, shape.RowLength).Where(tap => tap % 9 < 3)];
        var kept = new KeptTaps(Layout.Block, [firstRows]);
        // Five of six rows of positions read the first row of the kernels.
        Assert.Equal(5 / 6.0, ConvolutionForm.ByTile[0].ShareOf(shape, kept), 1e-9);
        // Of stride 2, two of five.
        Assert.Equal(2 / 5.0, ConvolutionForm.ByTile[1].ShareOf(shape with { Stride = 2 }, kept), 1e-9);
        if (SimdTiers.Best < SimdTier.V256) return;
        using var layer = new Layer(SimdTiers.Best, shape, kept, isPooled: false);
        layer.Check(MapLayout.Blocked, MapLayout.Blocked, MapLayout.Blocked, hasResidual: false);
        Assert.Equal(30 * 16 * Layout.Block, layer.WeightLength);
    }

    /// <summary>Half of the kernels, or of their rows.</summary>
    private static KeptTaps? Half(Conv2dShape shape, int unit) =>
        shape.Channels < 2 ? null : DirectConvolutionCase.Half(shape, Layout.Block, group: 2, unitLength: unit);

    /// <summary>A layer with random values and a ReLU behind it, and scratch memory full of NaN.</summary>
    private sealed class Layer : IDisposable
    {
        private readonly TileConvolution _kernel;
        private readonly float[] _weights;
        private readonly Blocked _x;
        private readonly Blocked _residual;
        private readonly AlignedBuffer _bias;
        private readonly AlignedBuffer _packed;
        private readonly AlignedBuffer _scratch;

        public Layer(SimdTier tier, Conv2dShape shape, KeptTaps? kept, bool isPooled)
        {
            _kernel = new(tier, shape, kept, isPooled);
            _x = Blocked.Random(1, shape.Channels, shape.Height, shape.Width, seed: 1);
            _residual = Blocked.Random(1, shape.Filters, shape.OutHeight, shape.OutWidth, seed: 3);
            var random = new Random(2);
            _weights = [.. Enumerable.Range(0, shape.Filters * shape.RowLength).Select(_ => random.NextSingle() - 0.5f)];
            if (kept is not null) KeepOnly(kept, shape);
            _bias = new(Layout.PaddedChannels(shape.Filters));
            for (var filter = 0; filter < shape.Filters; filter++) _bias.Pointer[filter] = random.NextSingle();
            (_packed, _scratch) = (new(_kernel.WeightLength + Layout.Block), new(_kernel.ScratchLength + Layout.Block));
            _packed.Span.Fill(Guard);
            _kernel.PackWeights(_weights, _packed.Pointer);
        }

        public int WeightLength => _kernel.WeightLength;

        public void Check(MapLayout input, MapLayout residual, MapLayout output, bool hasResidual)
        {
            var s = _kernel.Shape;
            _scratch.Span.Fill(float.NaN);
            _scratch.Span[^Layout.Block..].Fill(Guard);
            using var x = In(input, _x.Pointer, s.Channels, s.Height, s.Width);
            using var added = In(residual, _residual.Pointer, s.Filters, s.OutHeight, s.OutWidth);
            using AlignedBuffer whole = new(_kernel.OutputLength + Layout.Block), parts = new(_kernel.OutputLength);
            whole.Span.Fill(Guard);
            Forward((0, _kernel.Bands), (0, s.FilterBlocks), whole);
            Assert.All(whole.Span[^Layout.Block..].ToArray(), value => Assert.Equal(Guard, value));
            // The last band and block of filters first: what they write of others would stay.
            for (var band = _kernel.Bands - 1; band >= 0; band--)
            {
                for (var block = s.FilterBlocks - 1; block >= 0; block--) Forward((band, band + 1), (block, block + 1), parts);
            }

            Assert.Equal(whole.Span[..(int)parts.Length], parts.Span);
            foreach (var memory in new[] { _packed, _scratch })
                Assert.All(memory.Span[^Layout.Block..].ToArray(), value => Assert.Equal(Guard, value));

            using var blocked = Expected(hasResidual);
            using var expected = _kernel.IsPooled ? Pooled(blocked) : In(output, blocked.Pointer, s.Filters, s.OutHeight, s.OutWidth);
            var most = expected.Span.ToArray().Max(Math.Abs);
            Assert.True(most > 0.1);
            for (var i = 0; i < expected.Length; i++)
                Assert.InRange(whole.Pointer[i] - expected.Pointer[i], -Tolerance * most, Tolerance * most);

            void Forward((int First, int End) bands, (int First, int End) blocks, AlignedBuffer y) => _kernel.Forward(
                bands, blocks, new(x.Pointer, input, residual, y.Pointer, output), _packed.Pointer,
                new(_bias.Pointer, hasResidual ? added.Pointer : null, Bounds.Relu), _scratch.Pointer);
        }

        public void Dispose()
        {
            foreach (var memory in new IDisposable[] { _x, _residual, _bias, _packed, _scratch }) memory.Dispose();
        }

        /// <summary>A blocked map in another layout, from the definition of that.</summary>
        private static AlignedBuffer In(MapLayout layout, float* blocked, int channels, int height, int width)
        {
            var filled = layout == MapLayout.Plain ? channels : Layout.PaddedChannels(channels);
            var map = new AlignedBuffer((long)filled * height * width);
            for (var c = 0; c < filled; c++)
            {
                for (var (row, i) = (0, 0); row < height; row++)
                {
                    for (var column = 0; column < width; column++, i++)
                    {
                        var pixel = c / Layout.Block * height * width + i;
                        var plane = (c * 4 + row % 4) * 4 + column % 4;
                        var place = layout switch
                        {
                            MapLayout.Blocked => pixel * Layout.Block + c % Layout.Block,
                            MapLayout.Plain => c * height * width + i,
                            _ => (plane * (height / 4) + row / 4) * (width / 4) + column / 4,
                        };
                        map.Pointer[place] = blocked[pixel * Layout.Block + c % Layout.Block];
                    }
                }
            }

            return map;
        }

        private AlignedBuffer Pooled(AlignedBuffer map)
        {
            var s = _kernel.Shape;
            var y = new AlignedBuffer(_kernel.OutputLength);
            MaxPool.Forward(SimdTier.Scalar, new(s.Filters, s.Height, s.Width, 2, 2, 2), map.Pointer, 1, y.Pointer);
            return y;
        }

        private AlignedBuffer Expected(bool hasResidual)
        {
            var s = _kernel.Shape;
            var y = new AlignedBuffer(s.OutputLength);
            fixed (float* w = _weights) DirectConvolution.ForwardReference(s, 1, _x.Pointer, w, _bias.Pointer, y.Pointer);
            new Epilogue(null, hasResidual ? _residual.Pointer : null, Bounds.Relu)
                .Apply(SimdTier.Scalar, y.Pointer, 1, s.FilterBlocks, s.OutHeight * s.OutWidth);
            return y;
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
