using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>A convolution, dense or with kept taps; weights that are not kept are zero and have no gradient.</summary>
internal sealed unsafe class DirectConvolutionCase(int images, Conv2dShape shape, KeptTaps? kept = null, string pattern = "dense")
    : OperationCase($"conv {pattern} {images} {shape}")
{
    public override int DataInputs => 1;

    /// <summary>Keeps half of each run of <paramref name="group"/> candidates, the same for <paramref name="block"/> filters.</summary>
    public static KeptTaps Half(Conv2dShape shape, int block, int group, bool wholeKernels) =>
        Half(shape, block, group, wholeKernels ? shape.KernelHeight * shape.KernelWidth : 1);

    public static KeptTaps Half(Conv2dShape shape, int block, int group, int unitLength)
    {
        var candidates = shape.RowLength / unitLength;
        var random = new Random(block * 31 + group);
        var positions = new int[(shape.Filters + block - 1) / block][];
        for (var b = 0; b < positions.Length; b++)
        {
            positions[b] =
            [
                .. Enumerable.Range(0, candidates).Chunk(group)
                    .SelectMany(run => run.OrderBy(_ => random.Next()).Take((run.Length + 1) / 2))
                    .Order().SelectMany(candidate => Enumerable.Range(candidate * unitLength, unitLength)),
            ];
        }

        return new(block, positions);
    }

    public override Blocked[] MakeInputs()
    {
        var weights = RandomParameter(shape.Filters * shape.RowLength, seed: 2);
        ZeroPruned(weights);
        var x = Blocked.Random(images, shape.Channels, shape.Height, shape.Width, seed: 1);
        return [x, weights, RandomParameter(shape.Filters, seed: 3)];
    }

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        ZeroPruned(inputs[1]);
        var y = Blocked.Garbage(images, shape.Filters, shape.OutHeight, shape.OutWidth);
        if (tier is null)
        {
            DirectConvolution.ForwardReference(shape, images, inputs[0].Pointer, inputs[1].Pointer, inputs[2].Pointer, y.Pointer);
            return y;
        }

        var kernel = new DirectConvolution(tier.Value, shape, kept);
        using var weights = new AlignedBuffer(kernel.WeightLength);
        using var scratch = Scratch(kernel);
        weights.Span.Fill(float.NaN);
        kernel.PackWeights(Plain(inputs[1]), weights.Span);
        kernel.Forward(images, inputs[0].Pointer, weights.Pointer, inputs[2].Pointer, y.Pointer, scratch.Pointer);
        if (kernel.ReadsPlain) AssertPlainGives(y, kernel, inputs, weights.Pointer, scratch.Pointer);
        return y;
    }

    /// <summary>Plain images give the same bits as blocked ones.</summary>
    private void AssertPlainGives(Blocked y, DirectConvolution kernel, Blocked[] inputs, float* weights, float* scratch)
    {
        using var x = PlainImages(inputs[0]);
        var ofPlain = Blocked.Garbage(images, shape.Filters, shape.OutHeight, shape.OutWidth);
        kernel.Forward(images, x.Pointer, weights, inputs[2].Pointer, ofPlain.Pointer, scratch, isPlain: true);
        Assert.True(y.Span.SequenceEqual(ofPlain.Span), $"{this}: plain images gave other bits");
    }

    private void AssertPlainGives(AlignedBuffer gradient, DirectConvolution kernel, Blocked[] inputs, Blocked dy, float* scratch)
    {
        using var x = PlainImages(inputs[0]);
        using var ofPlain = new AlignedBuffer(kernel.WeightGradientLength);
        kernel.BackwardWeight(images, x.Pointer, dy.Pointer, 0, shape.FilterBlocks, ofPlain.Pointer, scratch, isPlain: true);
        Assert.True(gradient.Span.SequenceEqual(ofPlain.Span), $"{this}: plain images gave another weight gradient");
    }

    private AlignedBuffer PlainImages(Blocked blocked)
    {
        var x = new AlignedBuffer((long)images * shape.PlainInputLength);
        Layout.ToPlain(blocked.Pointer, images, shape.Channels, shape.Height * shape.Width, x.Pointer);
        return x;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        ZeroPruned(inputs[1]);
        var biasGradient = new double[Layout.PaddedChannels(shape.Filters)];
        Bias.Backward(tier ?? SimdTier.Scalar, dy.Pointer, images, shape.Filters, dy.Pixels, biasGradient);
        for (var o = 0; o < biasGradient.Length; o++) gradients[2].Span[o] = (float)biasGradient[o];
        if (tier is null)
        {
            gradients[1].Span.Clear();
            DirectConvolution.BackwardDataReference(shape, images, dy.Pointer, inputs[1].Pointer, gradients[0].Pointer, accumulate);
            DirectConvolution.BackwardWeightReference(shape, 0, shape.Filters, images, inputs[0].Pointer, dy.Pointer, gradients[1].Pointer);
        }
        else
        {
            var kernel = new DirectConvolution(tier.Value, shape, kept);
            using var weights = new AlignedBuffer(kernel.BackwardDataWeightLength);
            using var packed = new AlignedBuffer(kernel.WeightGradientLength);
            using var scratch = Scratch(kernel);
            weights.Span.Fill(float.NaN);
            kernel.PackBackwardDataWeights(Plain(inputs[1]), weights.Span);
            kernel.BackwardData(images, dy.Pointer, weights.Pointer, gradients[0].Pointer, scratch.Pointer, accumulate);
            kernel.BackwardWeight(images, inputs[0].Pointer, dy.Pointer, 0, shape.FilterBlocks, packed.Pointer, scratch.Pointer);
            if (kernel.ReadsPlain) AssertPlainGives(packed, kernel, inputs, dy, scratch.Pointer);
            for (var block = 0; block < shape.FilterBlocks; block++) kernel.UnpackWeightGradient(block, packed.Span, Plain(gradients[1]));
        }

        // If 16 filters share their taps, the kernel leaves zeros elsewhere; otherwise its caller masks the gradient.
        if (tier is null or SimdTier.Scalar || kept is { Block: < Layout.Block }) ZeroPruned(gradients[1]);
    }

    private static Span<float> Plain(Blocked parameter) => parameter.Span[..parameter.Channels];

    private static AlignedBuffer Scratch(DirectConvolution kernel)
    {
        var scratch = new AlignedBuffer(kernel.ScratchLength);
        scratch.Span.Fill(float.NaN);
        return scratch;
    }

    private void ZeroPruned(Blocked weights)
    {
        if (kept is null) return;
        for (var o = 0; o < shape.Filters; o++)
        {
            var positions = kept.Positions[o / kept.Block];
            for (var p = 0; p < shape.RowLength; p++)
            {
                if (Array.BinarySearch(positions, p) < 0) weights.Span[o * shape.RowLength + p] = 0;
            }
        }
    }
}
