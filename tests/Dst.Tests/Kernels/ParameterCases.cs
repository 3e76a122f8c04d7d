using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

internal sealed unsafe class DepthwiseCase(int images, WindowShape shape) : OperationCase($"depthwise {images} {shape}")
{
    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() =>
    [
        Blocked.Random(images, shape.Channels, shape.Height, shape.Width, seed: 1),
        RandomParameter(shape.Channels * shape.Area, seed: 2),
        RandomParameter(shape.Channels, seed: 3),
    ];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, shape.Channels, shape.OutHeight, shape.OutWidth);
        using var weights = Pack(inputs[1]);
        if (tier is null)
            new DepthwiseForward(
                shape, inputs[0].Pointer, weights.Pointer, new(inputs[2].Pointer, null, Bounds.None), images, y.Pointer).Reference();
        else DepthwiseConvolution.Forward(tier.Value, shape, inputs[0].Pointer, weights.Pointer, inputs[2].Pointer, images, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        using var weights = Pack(inputs[1]);
        using var packedGradient = PackedBuffer();
        var biasGradient = new double[Layout.PaddedChannels(shape.Channels)];
        if (tier is null)
        {
            new DepthwiseBackwardData(shape, dy.Pointer, weights.Pointer, images, gradients[0].Pointer, accumulate).Reference();
            new DepthwiseBackwardWeight(shape, inputs[0].Pointer, dy.Pointer, images, packedGradient.Pointer).Reference();
            fixed (double* sums = biasGradient) new BiasBackward(dy.Pointer, images, shape.Blocks, dy.Pixels, sums).Reference();
        }
        else
        {
            DepthwiseConvolution.BackwardData(tier.Value, shape, dy.Pointer, weights.Pointer, images, gradients[0].Pointer, accumulate);
            DepthwiseConvolution.BackwardWeight(tier.Value, shape, inputs[0].Pointer, dy.Pointer, images, packedGradient.Pointer);
            Bias.Backward(tier.Value, dy.Pointer, images, shape.Channels, dy.Pixels, biasGradient);
        }

        packedGradient.AssertSound();
        DepthwiseConvolution.UnpackWeights(shape, packedGradient.Span, gradients[1].Span[..gradients[1].Channels]);
        for (var c = 0; c < biasGradient.Length; c++) gradients[2].Span[c] = (float)biasGradient[c];
    }

    private Blocked PackedBuffer() => new(1, shape.Channels, shape.Area, 1);

    private Blocked Pack(Blocked weights)
    {
        var packed = PackedBuffer();
        packed.Span.Fill(float.NaN);
        DepthwiseConvolution.PackWeights(shape, weights.Span[..weights.Channels], packed.Span);
        packed.AssertSound();
        return packed;
    }
}

internal sealed unsafe class LinearCase(int images, int features, int outputs) : OperationCase($"linear {images} {features} to {outputs}")
{
    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() =>
        [Blocked.Random(images, features, 1, 1, seed: 1), RandomParameter(outputs * features, seed: 2), RandomParameter(outputs, seed: 3)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, outputs, 1, 1);
        using var weights = Blocked.Garbage(1, outputs, features, 1);
        Linear.PackWeights(features, outputs, inputs[1].Span[..(outputs * features)], weights.Span);
        weights.AssertSound();
        if (tier is null)
            Linear.ForwardKernel(inputs[0].Pointer, images, features, outputs, weights.Pointer, inputs[2].Pointer, y.Pointer).Reference();
        else Linear.Forward(tier.Value, inputs[0].Pointer, images, features, outputs, weights.Pointer, inputs[2].Pointer, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        var dx = gradients[0];
        using var backwardDataWeights = Blocked.Garbage(1, features, outputs, 1);
        using var packedGradient = new Blocked(1, outputs, features, 1);
        var biasGradient = new double[Layout.PaddedChannels(outputs)];
        Linear.PackBackwardDataWeights(features, outputs, inputs[1].Span[..(outputs * features)], backwardDataWeights.Span);
        backwardDataWeights.AssertSound();
        if (tier is null)
        {
            if (!accumulate) dx.Span.Clear();
            Linear.BackwardDataKernel(dy.Pointer, images, features, outputs, backwardDataWeights.Pointer, dx.Pointer).Reference();
            Linear.BackwardWeightKernel(inputs[0].Pointer, dy.Pointer, images, features, outputs, packedGradient.Pointer).Reference();
            fixed (double* sums = biasGradient) new BiasBackward(dy.Pointer, images, Layout.Blocks(outputs), 1, sums).Reference();
        }
        else
        {
            Linear.BackwardData(tier.Value, dy.Pointer, images, features, outputs, backwardDataWeights.Pointer, dx.Pointer, accumulate);
            Linear.BackwardWeight(tier.Value, inputs[0].Pointer, dy.Pointer, images, features, outputs, packedGradient.Pointer);
            Bias.Backward(tier.Value, dy.Pointer, images, outputs, 1, biasGradient);
        }

        packedGradient.AssertSound();
        Linear.UnpackWeights(features, outputs, packedGradient.Span, gradients[1].Span[..(outputs * features)]);
        for (var o = 0; o < biasGradient.Length; o++) gradients[2].Span[o] = (float)biasGradient[o];
    }
}

/// <summary>Batch normalisation in training, with or without a ReLU after it. With two images it sums in two parts.</summary>
internal sealed unsafe class BatchNormCase(int images, int channels, int height, int width, bool relu = false)
    : OperationCase($"batch norm{(relu ? " relu" : "")} {images}x{channels}x{height}x{width}")
{
    private const float NoLeast = float.NegativeInfinity;
    private readonly float[] _mean = new float[Layout.PaddedChannels(channels)];
    private readonly float[] _inverseDeviation = new float[Layout.PaddedChannels(channels)];

    private delegate void SumPart(int firstImage, int count, double[] sums);

    private int Pixels => height * width;

    private int Blocks => Layout.Blocks(channels);

    private long Count => (long)images * Pixels;

    public override int DataInputs => 1;

    public override Blocked[] MakeInputs()
    {
        Blocked[] inputs =
        [
            Blocked.Random(images, channels, height, width, seed: 1),
            RandomParameter(channels, seed: 2),
            RandomParameter(channels, seed: 3),
        ];
        if (!relu) return inputs;
        // Inputs near ±1, scales near 1 and small shifts keep outputs away from the corner of the ReLU.
        foreach (ref var x in inputs[0].Span) x = x == 0 ? 0 : Math.Sign(x) + 0.1f * x;
        foreach (ref var gamma in inputs[1].Span[..channels]) gamma = 1 + 0.1f * gamma;
        foreach (ref var beta in inputs[2].Span[..channels]) beta *= 0.2f;
        return inputs;
    }

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var x = inputs[0];
        var y = Blocked.Garbage(images, channels, height, width);
        Statistics(x, tier);
        var (scale, shift) = Folded(inputs);
        fixed (float* a = scale, b = shift)
        {
            if (tier is null) new BatchNormApply(x.Pointer, a, b, images, Blocks, Pixels, relu ? 0 : NoLeast, y.Pointer).Reference();
            else BatchNorm.Apply(tier.Value, x.Pointer, scale, shift, images, channels, Pixels, relu, y.Pointer);
        }

        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        var x = inputs[0];
        Statistics(x, tier);
        using var masked = dy.Clone();
        dy = masked;
        var (scale, shift) = Folded(inputs);
        var sums = SumParts((first, count, part) =>
        {
            fixed (float* mean = _mean, a = scale, b = shift)
            fixed (double* p = part)
            {
                if (tier is null && relu)
                    new BatchNormSumReluGradients(Image(x, first), Image(dy, first), a, b, mean, count, Blocks, Pixels, p).Reference();
                else if (tier is null)
                    new BatchNormSumGradients(Image(x, first), Image(dy, first), mean, count, Blocks, Pixels, p).Reference();
                else if (relu)
                    BatchNorm.SumReluGradients(
                        tier.Value, Image(x, first), Image(dy, first), scale, shift, _mean, count, channels, Pixels, part);
                else BatchNorm.SumGradients(tier.Value, Image(x, first), Image(dy, first), _mean, count, channels, Pixels, part);
            }
        });
        BatchNorm.BackwardWeight(sums, _inverseDeviation, gradients[1].Span[..channels], gradients[2].Span[..channels]);
        var dx = gradients[0].Pointer;
        fixed (float* mean = _mean, inverse = _inverseDeviation)
        fixed (double* s = sums)
        {
            var terms = new BatchNorm.ChannelTerms(inputs[1].Pointer, mean, inverse, s, Count, channels);
            if (tier is null) new BatchNormBackwardData(x.Pointer, dy.Pointer, terms, images, Pixels, dx, accumulate).Reference();
            else
                BatchNorm.BackwardData(
                    tier.Value, x.Pointer, dy.Pointer, inputs[1].Span[..channels], _mean, _inverseDeviation, sums, Count, images, Pixels,
                    dx, accumulate);
        }
    }

    private (float[] Scale, float[] Shift) Folded(Blocked[] inputs)
    {
        var (scale, shift) = (new float[_mean.Length], new float[_mean.Length]);
        BatchNorm.Fold(inputs[1].Span[..channels], inputs[2].Span[..channels], _mean, _inverseDeviation, scale, shift);
        return (scale, shift);
    }

    private void Statistics(Blocked x, SimdTier? tier)
    {
        var sums = SumParts((first, count, part) =>
        {
            fixed (double* p = part)
            {
                if (tier is null) new BatchNormSum(Image(x, first), count, Blocks, Pixels, p).Reference();
                else BatchNorm.Sum(tier.Value, Image(x, first), count, channels, Pixels, part);
            }
        });
        BatchNorm.Finalise(sums, Count, channels, 1e-5f, _mean, _inverseDeviation);
    }

    private double[] SumParts(SumPart sumPart)
    {
        var total = new double[BatchNorm.SumLength(channels)];
        foreach (var (first, count) in new[] { (0, images / 2), (images / 2, images - images / 2) })
        {
            var part = new double[total.Length];
            sumPart(first, count, part);
            for (var i = 0; i < total.Length; i++) total[i] += part[i];
        }

        return total;
    }

    private float* Image(Blocked x, int n) => x.Pointer + n * Layout.ImageLength(channels, Pixels);
}
