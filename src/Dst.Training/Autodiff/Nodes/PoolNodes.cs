using Dst.Kernels;
using Dst.Runtime.Graph;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>Maximum over windows.</summary>
internal sealed unsafe class MaxPoolNode(Node node, FeatureBuffer[] inputs, FeatureBuffer output) : TrainingNode(node, inputs, output)
{
    private readonly WindowShape _shape = ShapeOf((MaxPoolOp)node.Operation, inputs[0].Shape);

    protected override void ForwardImages(ImageRange images, int part) =>
        MaxPool.Forward(_shape, Input.Value(images.First), images.Count, Output.Value(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            MaxPool.Backward(_shape, Input.Value(images.First), Output.Value(images.First), Output.Gradient(images.First), images.Count, Input.Gradient(images.First), Accumulate[0]);
    }

    private static WindowShape ShapeOf(MaxPoolOp p, FeatureShape x) => new(x.Channels, x.Height, x.Width, p.Kernel, p.Kernel, p.Stride, p.Padding);
}

/// <summary>Mean over windows, or over the whole map.</summary>
internal sealed unsafe class AvgPoolNode(Node node, FeatureBuffer[] inputs, FeatureBuffer output, WindowShape shape) : TrainingNode(node, inputs, output)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        AvgPool.Forward(shape, Input.Value(images.First), images.Count, Output.Value(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            AvgPool.Backward(shape, Output.Gradient(images.First), images.Count, Input.Gradient(images.First), Accumulate[0]);
    }
}
