using Dst.Graph;
using Dst.Kernels;
using Dst.Quantisation;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>
/// The numbers that the bytes of a quantised network stand for: x becomes a byte as in inference, and a float again. The gradient goes
/// straight through where x lies in the range of the bytes, and is 0 elsewhere (Jacob et al., "Quantization and Training of Neural Networks
/// for Efficient Integer-Arithmetic-Only Inference", CVPR 2018).
/// </summary>
internal sealed unsafe class FakeQuantisationNode(NodeContext context, Node node, Feature input, StoredFeature output, ByteScale scale)
    : StoringNode(context, node, [input], output)
{
    private readonly Activation _range = Activation.Clip(
        (float)(scale.Scale * (-scale.Zero - 0.5)), (float)(scale.Scale * (byte.MaxValue - scale.Zero + 0.5)));

    private int _bytes;

    protected override void PlanScratch() => _bytes = ReserveScratch(Input.ImageLength / sizeof(float));

    protected override void ForwardImages(ImageRange images, int part)
    {
        var bytes = (byte*)Scratch(part, _bytes);
        ByteMap.FromFloats(Tier, ReadInput(0, images, part), Input.ImageLength, scale.Scale, scale.Zero, bytes);
        ByteMap.ToFloats(Tier, bytes, Input.Shape.Channels, Input.Pixels, scale.Scale, scale.Zero, OutputValue(images.First));
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (!Input.NeedsGradient) return;
        _range.BackwardData(
            Tier, ReadInput(0, images, part), OutputValue(images.First), ReadOutputGradient(images, part), images.Count,
            Input.Shape.Channels, Input.Pixels, Input.Gradient(images.First), Accumulates(0));
    }
}
