using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>Layer normalisation over the channels of each pixel.</summary>
internal sealed unsafe class LayerNormNode(NodeContext context, Node node, Feature input, StoredFeature output, float epsilon)
    : StoringNode(context, node, [input], output), IDisposable
{
    private readonly ChannelParameter _weights = new(context, context.ParameterOf(node, "weight"), input.Shape.Channels);
    private readonly ChannelParameter _biases = new(context, context.ParameterOf(node, "bias"), input.Shape.Channels);

    public void Dispose()
    {
        _weights.Dispose();
        _biases.Dispose();
    }

    protected override void BeginForward(WorkerPool pool)
    {
        _weights.Pack();
        _biases.Pack();
    }

    protected override void ForwardImages(ImageRange images, int part) => LayerNorm.Forward(
        Tier, ReadInput(0, images, part), _weights.Packed, _biases.Packed, epsilon, images.Count, Input.Shape.Channels, Input.Pixels,
        OutputValue(images.First));

    protected override void BeginBackwardPart(int part)
    {
        _weights.BeginGradient(part);
        _biases.BeginGradient(part);
    }

    protected override void BackwardImages(ImageRange images, int part) => LayerNorm.Backward(
        Tier, ReadInput(0, images, part), ReadOutputGradient(images, part), _weights.Packed, epsilon, images.Count,
        Input.Shape.Channels, Input.Pixels, Input.NeedsGradient ? Input.Gradient(images.First) : null, Accumulates(0),
        _weights.GradientOf(part), _biases.GradientOf(part));

    protected override void EndBackward(WorkerPool pool)
    {
        _weights.EndGradient();
        _biases.EndGradient();
    }
}

/// <summary>Local response normalisation.</summary>
internal sealed unsafe class LocalResponseNormNode(
    NodeContext context, Node node, Feature input, StoredFeature output, LocalResponseNorm kernel)
    : StoringNode(context, node, [input], output)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        kernel.Forward(ReadInput(0, images, part), images.Count, Input.Shape.Channels, Input.Pixels, OutputValue(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (!Input.NeedsGradient) return;
        kernel.Backward(
            ReadInput(0, images, part), ReadOutputGradient(images, part), images.Count, Input.Shape.Channels, Input.Pixels,
            Input.Gradient(images.First), Accumulates(0));
    }
}
