using Dst.Graph;
using Dst.Kernels;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>[C, H, W] to [C·H·W, 1, 1].</summary>
internal sealed unsafe class FlattenNode(NodeContext context, Node node, Feature input, StoredFeature output)
    : StoringNode(context, node, [input], output)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        Flatten.Forward(ReadInput(0, images, part), images.Count, Input.Shape.Channels, Input.Pixels, OutputValue(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            Flatten.Backward(
                ReadOutputGradient(images, part), images.Count, Input.Shape.Channels, Input.Pixels,
                Input.Gradient(images.First), Accumulates(0));
    }
}

/// <summary>Padding, a slice or a shuffle of channels.</summary>
internal sealed unsafe class RearrangementNode(
    NodeContext context, Node node, Feature input, StoredFeature output, Rearrangement rearrangement)
    : StoringNode(context, node, [input], output)
{
    private readonly Rearrangement _inverse = rearrangement.Inverse();

    protected override void ForwardImages(ImageRange images, int part) =>
        rearrangement.Apply(Tier, ReadInput(0, images, part), images.Count, OutputValue(images.First), accumulate: false);

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            _inverse.Apply(Tier, ReadOutputGradient(images, part), images.Count, Input.Gradient(images.First), Accumulates(0));
    }
}

/// <summary>A map of which each row and column is made from those of another.</summary>
internal sealed unsafe class ResamplingNode(NodeContext context, Node node, Feature input, StoredFeature output, Resampling kernel)
    : StoringNode(context, node, [input], output)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        kernel.Forward(Tier, ReadInput(0, images, part), images.Count, OutputValue(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            kernel.Backward(Tier, ReadOutputGradient(images, part), images.Count, Input.Gradient(images.First), Accumulates(0));
    }
}

/// <summary>Channels of all inputs, one after another.</summary>
internal sealed unsafe class ConcatNode(NodeContext context, Node node, Feature[] inputs, StoredFeature output)
    : StoringNode(context, node, inputs, output)
{
    protected override void ForwardImages(ImageRange images, int part)
    {
        var first = 0;
        for (var i = 0; i < Inputs.Length; first += Inputs[i++].Shape.Channels)
        {
            Concat.Forward(
                Tier, ReadInput(i, images, part), images.Count, Inputs[i].Shape.Channels, Output.Pixels,
                first, Output.Shape.Channels, OutputValue(images.First));
        }
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        var first = 0;
        for (var i = 0; i < Inputs.Length; first += Inputs[i++].Shape.Channels)
        {
            if (!Inputs[i].NeedsGradient) continue;
            Concat.Backward(
                Tier, ReadOutputGradient(images, part), images.Count, Output.Shape.Channels,
                first, Inputs[i].Shape.Channels, Output.Pixels, Inputs[i].Gradient(images.First), Accumulates(i));
        }
    }
}
