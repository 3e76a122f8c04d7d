using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference.Steps;

/// <summary>A fully connected layer.</summary>
internal sealed unsafe class LinearStep : WeightedStep
{
    /// <summary>Images that share each load of a weight. The kernel sums them in another order than single images.</summary>
    public const int ImagesTogether = 4;

    private readonly int _features;
    private readonly int _outputs;

    public LinearStep(LoweredNode node, int features, int outputs) : base(node, "linear", outputs, Linear.WeightLength(features, outputs))
    {
        (_features, _outputs) = (features, outputs);
        Linear.PackWeights(features, outputs, node.Weight, Packed.Span);
    }

    public override int Units(int images) => Layout.CeilDiv(images, ImagesTogether);

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        var image = first * ImagesTogether;
        var images = Math.Min(data.Images, end * ImagesTogether) - image;
        var offset = (long)image * Layout.PaddedChannels(_outputs);
        var epilogue = Epilogue(data).From(0, offset);
        var x = data.X + (long)image * Layout.PaddedChannels(_features);
        Linear.Forward(data.Tier, x, images, _features, _outputs, Packed.Pointer, epilogue.Bias, data.Y + offset);
        epilogue.WithoutBias.Apply(data.Tier, data.Y + offset, images, Layout.Blocks(_outputs), pixels: 1);
    }
}
