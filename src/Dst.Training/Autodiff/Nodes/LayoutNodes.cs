using Dst.Kernels;
using Dst.Runtime.Graph;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>[C, H, W] to [C·H·W, 1, 1].</summary>
internal sealed unsafe class FlattenNode(Node node, FeatureBuffer[] inputs, FeatureBuffer output) : TrainingNode(node, inputs, output)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        Flatten.Forward(Input.Value(images.First), images.Count, Input.Shape.Channels, Input.Pixels, Output.Value(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            Flatten.Backward(Output.Gradient(images.First), images.Count, Input.Shape.Channels, Input.Pixels, Input.Gradient(images.First), Accumulate[0]);
    }
}

/// <summary>Channels of all inputs, one after another.</summary>
internal sealed unsafe class ConcatNode(Node node, FeatureBuffer[] inputs, FeatureBuffer output) : TrainingNode(node, inputs, output)
{
    protected override void ForwardImages(ImageRange images, int part)
    {
        var first = 0;
        foreach (var input in Inputs)
        {
            Concat.Forward(input.Value(images.First), images.Count, input.Shape.Channels, input.Pixels, first, Output.Shape.Channels, Output.Value(images.First));
            first += input.Shape.Channels;
        }
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        var first = 0;
        for (var i = 0; i < Inputs.Length; first += Inputs[i++].Shape.Channels)
        {
            if (!Inputs[i].NeedsGradient) continue;
            Concat.Backward(
                Output.Gradient(images.First), images.Count, Output.Shape.Channels, first, Inputs[i].Shape.Channels, Output.Pixels, Inputs[i].Gradient(images.First), Accumulate[i]);
        }
    }
}
