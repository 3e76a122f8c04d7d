using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Lowering;
using Dst.Runtime.Threading;

namespace Dst.Runtime.Inference.Steps;

/// <summary>max(x, 0) that is fused into no other step.</summary>
internal sealed unsafe class ReluStep(LoweredNode node, FeatureShape shape) : ImageStep(node, "relu", shape, shape)
{
    protected override void Compute(SimdTier tier, float* x, int images, float* y) =>
        Elementwise.Relu(tier, x, images * Shape.BlockedLength, y);
}

/// <summary>a + b that is fused into no other step, and a ReLU.</summary>
internal sealed unsafe class AddStep(LoweredNode node, FeatureShape shape)
    : InferenceStep(node.Layer, "add", node.Inputs[0], node.Inputs[1], node.Output)
{
    private readonly long _length = shape.BlockedLength;

    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var (offset, count) = (first * _length, (end - first) * _length);
        Elementwise.Add(data.Tier, data.X + offset, data.Second + offset, count, data.Y + offset);
        if (node.Bounds == Bounds.Relu) Elementwise.Relu(data.Tier, data.Y + offset, count, data.Y + offset);
    }
}

/// <summary>a · b, where b has the shape of a or one factor for each channel.</summary>
internal sealed unsafe class MulStep(LoweredNode node, FeatureShape a, FeatureShape b)
    : InferenceStep(node.Layer, "mul", node.Inputs[0], node.Inputs[1], node.Output)
{
    private readonly long _length = a.BlockedLength;

    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var (offset, images) = (first * _length, end - first);
        if (a == b)
        {
            Elementwise.Multiply(
                data.Tier, data.X + offset, data.Second + offset, images * _length, data.Y + offset, accumulate: false);
            return;
        }

        var factors = data.Second + (long)first * Layout.PaddedChannels(b.Channels);
        ChannelScale.Forward(data.Tier, data.X + offset, factors, images, a.Channels, a.Pixels, data.Y + offset);
    }
}

/// <summary>A batch normalisation or an affine map that is folded into no layer, and a ReLU.</summary>
internal sealed unsafe class BatchNormStep(LoweredNode node, string form, FeatureShape shape) : ImageStep(node, form, shape, shape)
{
    private readonly float[] _scale = Layout.Padded(node.Weight!);
    private readonly float[] _shift = Layout.Padded(node.Bias!);
    private readonly bool _relu = node.Bounds == Bounds.Relu;

    protected override void Compute(SimdTier tier, float* x, int images, float* y) =>
        BatchNorm.Apply(tier, x, _scale, _shift, images, Shape.Channels, Pixels, _relu, y);
}

/// <summary>A function of each element that is fused into no other step, with its parameters, if any.</summary>
internal sealed unsafe class ActivationStep(
    LoweredNode node, string form, FeatureShape shape, Activation activation, AlignedBuffer? parameters = null)
    : ImageStep(node, form, shape, shape)
{
    public override long WeightBytes => (parameters?.Length ?? 0) * sizeof(float);

    protected override void Compute(SimdTier tier, float* x, int images, float* y) =>
        activation.Forward(tier, x, images, Shape.Channels, Pixels, y);

    public override void Dispose()
    {
        parameters?.Dispose();
        base.Dispose();
    }
}

/// <summary>Padding, a slice or a shuffle of channels.</summary>
internal sealed unsafe class RearrangementStep(LoweredNode node, string form, FeatureShape x, FeatureShape y, Rearrangement rearrangement)
    : ImageStep(node, form, x, y)
{
    protected override void Compute(SimdTier tier, float* x, int images, float* y) =>
        rearrangement.Apply(tier, x, images, y, accumulate: false);
}

/// <summary>A map of which each row and column is made from those of another.</summary>
internal sealed unsafe class ResamplingStep(LoweredNode node, string form, FeatureShape x, FeatureShape y, Resampling kernel)
    : ImageStep(node, form, x, y)
{
    protected override void Compute(SimdTier tier, float* x, int images, float* y) => kernel.Forward(tier, x, images, y);
}

/// <summary>The low frequencies of a map.</summary>
internal sealed unsafe class SpectralPoolStep(LoweredNode node, FeatureShape x, FeatureShape y, SpectralPool pool)
    : ImageStep(node, "spectral-pool", x, y)
{
    protected override void Compute(SimdTier tier, float* x, int images, float* y) => pool.Forward(tier, x, images, y);
}

/// <summary>[C, H, W] to [C·H·W, 1, 1].</summary>
internal sealed unsafe class FlattenStep(LoweredNode node, FeatureShape x, FeatureShape y) : ImageStep(node, "flatten", x, y)
{
    protected override void Compute(SimdTier tier, float* x, int images, float* y) =>
        Flatten.Forward(x, images, Shape.Channels, Pixels, y);
}

/// <summary>Copies one input of a concatenation to its channels. The inputs have a step each, in their order.</summary>
internal sealed unsafe class ConcatStep(LoweredNode node, int input, FeatureShape x, int firstChannel, FeatureShape y)
    : ImageStep(node, "concat", x, y, input)
{
    private readonly int _channels = y.Channels;

    protected override void Compute(SimdTier tier, float* x, int images, float* y) =>
        Concat.Forward(tier, x, images, Shape.Channels, Pixels, firstChannel, _channels, y);
}

/// <summary>Softmax over the channels of [C, 1, 1].</summary>
internal sealed unsafe class SoftmaxStep(LoweredNode node, FeatureShape shape) : ImageStep(node, "softmax", shape, shape)
{
    protected override void Compute(SimdTier tier, float* x, int images, float* y)
    {
        var pitch = Layout.PaddedChannels(Shape.Channels);
        for (var image = 0; image < images; image++)
        {
            var output = new Span<float>(y + (long)image * pitch, pitch);
            Softmax.Forward(new(x + (long)image * pitch, Shape.Channels), Shape.Channels, output[..Shape.Channels]);
            output[Shape.Channels..].Clear();
        }
    }
}

/// <summary>Layer normalisation over the channels of each pixel.</summary>
internal sealed unsafe class LayerNormStep(LoweredNode node, float epsilon, FeatureShape shape)
    : ImageStep(node, "layer-norm", shape, shape)
{
    private readonly float[] _weights = Layout.Padded(node.Weight!);
    private readonly float[] _biases = Layout.Padded(node.Bias!);

    protected override void Compute(SimdTier tier, float* x, int images, float* y)
    {
        fixed (float* weights = _weights, biases = _biases)
            LayerNorm.Forward(tier, x, weights, biases, epsilon, images, Shape.Channels, Pixels, y);
    }
}

/// <summary>Group normalisation, and a ReLU.</summary>
internal sealed unsafe class GroupNormStep(LoweredNode node, GroupNorm kernel, FeatureShape shape)
    : InferenceStep(node.Layer, "group-norm", node.Inputs[0], null, node.Output)
{
    private readonly long _length = shape.BlockedLength;

    public override int Units(int images) => images;

    public override long ScratchLength(int threads) => kernel.ScratchLength;

    public override void Run(in StepData data, int first, int end, float* scratch) => kernel.Forward(
        data.X + first * _length, end - first, node.Weight, node.Bias, node.Bounds == Bounds.Relu, data.Y + first * _length, scratch);
}

/// <summary>Local response normalisation.</summary>
internal sealed unsafe class LocalResponseNormStep(LoweredNode node, LocalResponseNorm kernel, FeatureShape shape)
    : ImageStep(node, "local-response-norm", shape, shape)
{
    protected override void Compute(SimdTier tier, float* x, int images, float* y) =>
        kernel.Forward(x, images, Shape.Channels, Pixels, y);
}
