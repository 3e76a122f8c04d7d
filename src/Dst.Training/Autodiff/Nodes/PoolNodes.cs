using Dst.Kernels;
using Dst.Runtime.Graph;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>Maximum over windows.</summary>
internal sealed unsafe class MaxPoolNode(Node node, Feature input, StoredFeature output, Workspace workspace) : TrainingNode(node, [input], output, workspace)
{
    private readonly WindowShape _shape = ShapeOf((MaxPoolOp)node.Operation, input.Shape);

    protected override void ForwardImages(ImageRange images, int part) =>
        MaxPool.Forward(_shape, ReadInput(0, images, part), images.Count, output.Value(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            MaxPool.Backward(
                _shape, ReadInput(0, images, part), output.Value(images.First), ReadOutputGradient(images, part), images.Count, Input.Gradient(images.First), Accumulate(0));
    }

    private static WindowShape ShapeOf(MaxPoolOp p, FeatureShape x) => new(x.Channels, x.Height, x.Width, p.Kernel, p.Kernel, p.Stride, p.Padding);
}

/// <summary>Mean over windows, or over the whole map.</summary>
internal sealed unsafe class AvgPoolNode(Node node, Feature input, StoredFeature output, WindowShape shape, Workspace workspace)
    : TrainingNode(node, [input], output, workspace)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        AvgPool.Forward(shape, ReadInput(0, images, part), images.Count, output.Value(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            AvgPool.Backward(shape, ReadOutputGradient(images, part), images.Count, Input.Gradient(images.First), Accumulate(0));
    }
}
