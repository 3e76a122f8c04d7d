using Dst.Graph;
using Dst.Kernels;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>Maximum over windows, or over the whole map.</summary>
internal sealed unsafe class MaxPoolNode(NodeContext context, Node node, Feature input, StoredFeature output, WindowShape shape)
    : StoringNode(context, node, [input], output)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        MaxPool.Forward(Tier, shape, ReadInput(0, images, part), images.Count, OutputValue(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            MaxPool.Backward(
                Tier, shape, ReadInput(0, images, part), OutputValue(images.First), ReadOutputGradient(images, part),
                images.Count, Input.Gradient(images.First), Accumulates(0));
    }
}

/// <summary>Mean over windows, or over the whole map.</summary>
internal sealed unsafe class AvgPoolNode(
    NodeContext context, Node node, Feature input, StoredFeature output, WindowShape shape, bool countPadding)
    : StoringNode(context, node, [input], output)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        AvgPool.Forward(Tier, shape, ReadInput(0, images, part), images.Count, countPadding, OutputValue(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            AvgPool.Backward(
                Tier, shape, ReadOutputGradient(images, part), images.Count, countPadding, Input.Gradient(images.First), Accumulates(0));
    }
}

/// <summary>The low frequencies of a map.</summary>
internal sealed unsafe class SpectralPoolNode(NodeContext context, Node node, Feature input, StoredFeature output, SpectralPool pool)
    : StoringNode(context, node, [input], output)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        pool.Forward(Tier, ReadInput(0, images, part), images.Count, OutputValue(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            pool.Backward(Tier, ReadOutputGradient(images, part), images.Count, Input.Gradient(images.First), Accumulates(0));
    }
}
