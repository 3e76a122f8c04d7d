using Dst.Graph;
using Dst.Kernels;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>p = softmax(z) over the channels.</summary>
internal sealed unsafe class SoftmaxNode(NodeContext context, Node node, Feature input, StoredFeature output)
    : StoringNode(context, node, [input], output)
{
    /// <summary>One image at a time: the kernel takes one row.</summary>
    protected override int ChunkImages => 1;

    protected override void ForwardImages(ImageRange images, int part) =>
        Softmax.Forward(Row(ReadInput(0, images, part)), Output.Shape.Channels, Row(OutputValue(images.First)));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (!Input.NeedsGradient) return;
        Softmax.Backward(
            Row(OutputValue(images.First)), Row(ReadOutputGradient(images, part)), Output.Shape.Channels,
            Row(Input.Gradient(images.First)), Accumulates(0));
    }

    private Span<float> Row(float* features) => new(features, Output.Shape.Channels);
}
