using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Lowering;
using Dst.Runtime.Threading;

namespace Dst.Runtime.Inference.Steps;

/// <summary>max(x, 0) that is fused into no other step.</summary>
internal sealed unsafe class ReluStep(LoweredNode node, long length) : InferenceStep(node.Layer, "relu", node.Inputs[0], null, node.Output)
{
    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch) =>
        Elementwise.Relu(data.Tier, data.X + first * length, (end - first) * length, data.Y + first * length);
}

/// <summary>a + b that is fused into no other step, and a ReLU.</summary>
internal sealed unsafe class AddStep(LoweredNode node, long length)
    : InferenceStep(node.Layer, "add", node.Inputs[0], node.Inputs[1], node.Output)
{
    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var (offset, count) = (first * length, (end - first) * length);
        Elementwise.Add(data.Tier, data.X + offset, data.Second + offset, count, data.Y + offset);
        if (node.Bounds == Bounds.Relu) Elementwise.Relu(data.Tier, data.Y + offset, count, data.Y + offset);
    }
}

/// <summary>A batch normalisation or an affine map that is folded into no layer, and a ReLU.</summary>
internal sealed unsafe class BatchNormStep(LoweredNode node, string form, FeatureShape shape)
    : InferenceStep(node.Layer, form, node.Inputs[0], null, node.Output)
{
    private readonly int _pixels = shape.Height * shape.Width;
    private readonly float[] _scale = Layout.Padded(node.Weight!);
    private readonly float[] _shift = Layout.Padded(node.Bias!);

    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var offset = first * Layout.ImageLength(shape.Channels, _pixels);
        var relu = node.Bounds == Bounds.Relu;
        BatchNorm.Apply(data.Tier, data.X + offset, _scale, _shift, end - first, shape.Channels, _pixels, relu, data.Y + offset);
    }
}

/// <summary>A function of each element that is fused into no other step, with its parameters, if any.</summary>
internal sealed unsafe class ActivationStep(
    LoweredNode node, string form, FeatureShape shape, Activation activation, AlignedBuffer? parameters = null)
    : InferenceStep(node.Layer, form, node.Inputs[0], null, node.Output)
{
    private readonly int _pixels = shape.Height * shape.Width;

    public override long WeightBytes => (parameters?.Length ?? 0) * sizeof(float);

    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var offset = first * Layout.ImageLength(shape.Channels, _pixels);
        activation.Forward(data.Tier, data.X + offset, end - first, shape.Channels, _pixels, data.Y + offset);
    }

    public override void Dispose()
    {
        parameters?.Dispose();
        base.Dispose();
    }
}

/// <summary>a · b, where b has the shape of a or one factor for each channel.</summary>
internal sealed unsafe class MulStep(LoweredNode node, FeatureShape a, FeatureShape b)
    : InferenceStep(node.Layer, "mul", node.Inputs[0], node.Inputs[1], node.Output)
{
    private readonly int _pixels = a.Height * a.Width;

    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var length = Layout.ImageLength(a.Channels, _pixels);
        var (offset, images) = (first * length, end - first);
        if (a == b)
        {
            var count = images * length;
            Elementwise.Multiply(data.Tier, data.X + offset, data.Second + offset, count, data.Y + offset, accumulate: false);
            return;
        }

        var factors = data.Second + (long)first * Layout.PaddedChannels(b.Channels);
        ChannelScale.Forward(data.Tier, data.X + offset, factors, images, a.Channels, _pixels, data.Y + offset);
    }
}

/// <summary>Padding, a slice or a shuffle of channels.</summary>
internal sealed unsafe class RearrangementStep(LoweredNode node, string form, FeatureShape x, FeatureShape y, Rearrangement rearrangement)
    : InferenceStep(node.Layer, form, node.Inputs[0], null, node.Output)
{
    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var from = data.X + first * Layout.ImageLength(x.Channels, x.Height * x.Width);
        var to = data.Y + first * Layout.ImageLength(y.Channels, y.Height * y.Width);
        rearrangement.Apply(data.Tier, from, end - first, to, accumulate: false);
    }
}

/// <summary>A larger map.</summary>
internal sealed unsafe class UpsampleStep(LoweredNode node, FeatureShape x, FeatureShape y, Upsample upsample)
    : InferenceStep(node.Layer, "upsample", node.Inputs[0], null, node.Output)
{
    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var from = data.X + first * Layout.ImageLength(x.Channels, x.Height * x.Width);
        var to = data.Y + first * Layout.ImageLength(y.Channels, y.Height * y.Width);
        upsample.Forward(data.Tier, from, end - first, to);
    }
}

/// <summary>The low frequencies of a map.</summary>
internal sealed unsafe class SpectralPoolStep(LoweredNode node, FeatureShape x, FeatureShape y, SpectralPool pool)
    : InferenceStep(node.Layer, "spectral-pool", node.Inputs[0], null, node.Output)
{
    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var from = data.X + first * Layout.ImageLength(x.Channels, x.Height * x.Width);
        var to = data.Y + first * Layout.ImageLength(y.Channels, y.Height * y.Width);
        pool.Forward(data.Tier, from, end - first, to);
    }
}

/// <summary>An operation over windows, block by block of channels.</summary>
internal abstract unsafe class PoolStep(LoweredNode node, string form, WindowShape shape)
    : InferenceStep(node.Layer, form, node.Inputs[0], null, node.Output)
{
    private readonly WindowShape _block = shape with { Channels = Layout.Block };

    public override int Units(int images) => images * shape.Blocks;

    public override void Run(in StepData data, int first, int end, float* scratch) => Pool(
        data.Tier,
        _block,
        data.X + (long)first * _block.Height * _block.Width * Layout.Block,
        end - first,
        data.Y + (long)first * _block.OutHeight * _block.OutWidth * Layout.Block);

    /// <summary>Runs the kernel on some blocks, each as if it were an image.</summary>
    protected abstract void Pool(SimdTier tier, WindowShape block, float* x, int blocks, float* y);
}

/// <summary>Maximum over windows, or over the whole map, times a scale.</summary>
internal sealed unsafe class MaxPoolStep(LoweredNode node, WindowShape shape, float scale = 1) : PoolStep(node, "max-pool", shape)
{
    protected override void Pool(SimdTier tier, WindowShape block, float* x, int blocks, float* y) =>
        MaxPool.Forward(tier, block, x, blocks, y, scale);
}

/// <summary>Probabilistic weighted pooling.</summary>
internal sealed unsafe class WeightedPoolStep(LoweredNode node, WindowShape shape, float retain) : PoolStep(node, "weighted-pool", shape)
{
    protected override void Pool(SimdTier tier, WindowShape block, float* x, int blocks, float* y) =>
        MaxPoolDropout.Mean(tier, block, x, blocks, retain, y);
}

/// <summary>The mean over the choices of stochastic pooling.</summary>
internal sealed unsafe class StochasticPoolStep(LoweredNode node, WindowShape shape) : PoolStep(node, "stochastic-pool", shape)
{
    protected override void Pool(SimdTier tier, WindowShape block, float* x, int blocks, float* y) =>
        StochasticPool.Mean(tier, block, x, blocks, y);
}

/// <summary>Mean over windows, or over the whole map.</summary>
internal sealed unsafe class AvgPoolStep(LoweredNode node, WindowShape shape, bool countPadding) : PoolStep(node, "avg-pool", shape)
{
    protected override void Pool(SimdTier tier, WindowShape block, float* x, int blocks, float* y) =>
        AvgPool.Forward(tier, block, x, blocks, countPadding, y);
}

/// <summary>[C, H, W] to [C·H·W, 1, 1].</summary>
internal sealed unsafe class FlattenStep(LoweredNode node, FeatureShape shape)
    : InferenceStep(node.Layer, "flatten", node.Inputs[0], null, node.Output)
{
    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var pixels = shape.Height * shape.Width;
        var x = data.X + first * Layout.ImageLength(shape.Channels, pixels);
        var y = data.Y + (long)first * Layout.PaddedChannels((int)shape.Count);
        Flatten.Forward(x, end - first, shape.Channels, pixels, y);
    }
}

/// <summary>Copies one input of a concatenation to its channels. The inputs have a step each, in their order.</summary>
internal sealed unsafe class ConcatStep(LoweredNode node, int input, FeatureShape shape, int firstChannel, int totalChannels)
    : InferenceStep(node.Layer, "concat", node.Inputs[input], null, node.Output)
{
    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var pixels = shape.Height * shape.Width;
        var x = data.X + first * Layout.ImageLength(shape.Channels, pixels);
        var y = data.Y + first * Layout.ImageLength(totalChannels, pixels);
        Concat.Forward(data.Tier, x, end - first, shape.Channels, pixels, firstChannel, totalChannels, y);
    }
}

/// <summary>Softmax over the channels of [C, 1, 1].</summary>
internal sealed unsafe class SoftmaxStep(LoweredNode node, int classes)
    : InferenceStep(node.Layer, "softmax", node.Inputs[0], null, node.Output)
{
    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var pitch = Layout.PaddedChannels(classes);
        for (var image = first; image < end; image++)
        {
            var y = new Span<float>(data.Y + (long)image * pitch, pitch);
            Softmax.Forward(new(data.X + (long)image * pitch, classes), classes, y[..classes]);
            y[classes..].Clear();
        }
    }
}

/// <summary>Layer normalisation over the channels of each pixel.</summary>
internal sealed unsafe class LayerNormStep(LoweredNode node, float epsilon, FeatureShape shape)
    : InferenceStep(node.Layer, "layer-norm", node.Inputs[0], null, node.Output)
{
    private readonly int _pixels = shape.Height * shape.Width;
    private readonly float[] _weights = Layout.Padded(node.Weight!);
    private readonly float[] _biases = Layout.Padded(node.Bias!);

    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var offset = first * Layout.ImageLength(shape.Channels, _pixels);
        fixed (float* weights = _weights, biases = _biases)
        {
            LayerNorm.Forward(
                data.Tier, data.X + offset, weights, biases, epsilon, end - first, shape.Channels, _pixels, data.Y + offset);
        }
    }
}

/// <summary>Local response normalisation.</summary>
internal sealed unsafe class LocalResponseNormStep(LoweredNode node, LocalResponseNorm kernel, FeatureShape shape)
    : InferenceStep(node.Layer, "local-response-norm", node.Inputs[0], null, node.Output)
{
    private readonly int _pixels = shape.Height * shape.Width;

    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var offset = first * Layout.ImageLength(shape.Channels, _pixels);
        kernel.Forward(data.X + offset, end - first, shape.Channels, _pixels, data.Y + offset);
    }
}
