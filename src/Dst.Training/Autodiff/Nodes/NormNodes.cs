using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>A normalisation that takes its statistics from each image, then scales and shifts each channel.</summary>
internal abstract class ImageNormNode(NodeContext context, Node node, Feature input, StoredFeature output)
    : StoringNode(context, node, [input], output), IDisposable
{
    /// <summary>A factor for each channel.</summary>
    protected ChannelParameter Weights { get; } = new(context, context.ParameterOf(node, "weight"), input.Shape.Channels);

    /// <summary>A summand for each channel.</summary>
    protected ChannelParameter Biases { get; } = new(context, context.ParameterOf(node, "bias"), input.Shape.Channels);

    public void Dispose()
    {
        Weights.Dispose();
        Biases.Dispose();
    }

    protected override void BeginForward(WorkerPool pool)
    {
        Weights.Pack();
        Biases.Pack();
    }

    protected override void BeginBackwardPart(int part)
    {
        Weights.BeginGradient(part);
        Biases.BeginGradient(part);
    }

    protected override void EndBackward(WorkerPool pool)
    {
        Weights.EndGradient();
        Biases.EndGradient();
    }
}

/// <summary>Layer normalisation over the channels of each pixel.</summary>
internal sealed unsafe class LayerNormNode(NodeContext context, Node node, Feature input, StoredFeature output, float epsilon)
    : ImageNormNode(context, node, input, output)
{
    protected override void ForwardImages(ImageRange images, int part) => LayerNorm.Forward(
        Tier, ReadInput(0, images, part), Weights.Packed, Biases.Packed, epsilon, images.Count, Input.Shape.Channels, Input.Pixels,
        OutputValue(images.First));

    protected override void BackwardImages(ImageRange images, int part) => LayerNorm.Backward(
        Tier, ReadInput(0, images, part), ReadOutputGradient(images, part), Weights.Packed, epsilon, images.Count,
        Input.Shape.Channels, Input.Pixels, Input.NeedsGradient ? Input.Gradient(images.First) : null, Accumulates(0),
        Weights.GradientOf(part), Biases.GradientOf(part));
}

/// <summary>Group normalisation.</summary>
internal sealed unsafe class GroupNormNode(NodeContext context, Node node, Feature input, StoredFeature output, GroupNorm kernel)
    : ImageNormNode(context, node, input, output)
{
    private int _scratch;

    protected override void PlanScratch() => _scratch = ReserveScratch(kernel.ScratchLength);

    protected override void ForwardImages(ImageRange images, int part) => kernel.Forward(
        ReadInput(0, images, part), images.Count, Values(Weights), Values(Biases), relu: false, OutputValue(images.First),
        Scratch(part, _scratch));

    protected override void BackwardImages(ImageRange images, int part) => kernel.Backward(
        ReadInput(0, images, part), ReadOutputGradient(images, part), images.Count, Values(Weights),
        Input.NeedsGradient ? Input.Gradient(images.First) : null, Accumulates(0), Weights.GradientOf(part), Biases.GradientOf(part),
        Scratch(part, _scratch));

    private ReadOnlySpan<float> Values(ChannelParameter parameter) => new(parameter.Packed, Input.Shape.Channels);
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
