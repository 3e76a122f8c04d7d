using Dst.Kernels;
using Dst.Runtime.Graph;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>p = softmax(z) over the channels.</summary>
internal sealed unsafe class SoftmaxNode(Node node, FeatureBuffer[] inputs, FeatureBuffer output) : TrainingNode(node, inputs, output)
{
    protected override void ForwardImages(ImageRange images, int part)
    {
        for (var n = images.First; n < images.First + images.Count; n++)
            Softmax.Forward(Row(Input.Value(n)), Output.Shape.Channels, Row(Output.Value(n)));
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (!Input.NeedsGradient) return;
        for (var n = images.First; n < images.First + images.Count; n++)
            Softmax.Backward(Row(Output.Value(n)), Row(Output.Gradient(n)), Output.Shape.Channels, Row(Input.Gradient(n)), Accumulate[0]);
    }

    private Span<float> Row(float* features) => new(features, Output.Shape.Channels);
}
