using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>max(x, 0), where it cannot be part of its input (<see cref="Feature.Relu"/>).</summary>
internal sealed unsafe class ReluNode(NodeContext context, Node node, Feature input, StoredFeature output)
    : StoringNode(context, node, [input], output)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        Elementwise.Relu(Tier, ReadInput(0, images, part), (long)images.Count * Input.ImageLength, OutputValue(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (!Input.NeedsGradient) return;
        Elementwise.ReluBackward(
            Tier, OutputValue(images.First), ReadOutputGradient(images, part), (long)images.Count * Input.ImageLength,
            Input.Gradient(images.First), Accumulates(0));
    }
}

/// <summary>Stores an input that is computed as it is read, for a reader that needs it in memory.</summary>
internal sealed unsafe class StoreNode(NodeContext context, Node node, Feature input, StoredFeature output)
    : StoringNode(context, node, [input], output)
{
    protected override void ForwardImages(ImageRange images, int part) => Input.Read(images, OutputValue(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (!Input.NeedsGradient) return;
        Elementwise.Copy(
            Tier, ReadOutputGradient(images, part), (long)images.Count * Input.ImageLength, Input.Gradient(images.First), Accumulates(0));
    }
}

/// <summary>
/// a + b. An operand may use the sum's gradient as its own (<see cref="GradientSharing"/>). The first reader computes the sum where it can.
/// </summary>
internal sealed unsafe class AddNode(NodeContext context, Node node, Feature[] inputs, StoredFeature output)
    : StoringNode(context, node, inputs, output)
{
    private bool _isDeferred;

    /// <summary>Leaves the forward pass to the first reader, if that reads a few images at a time.</summary>
    public void Defer()
    {
        if (Output.IsGradientComputed || Output.Readers is not [StoringNode { ReadsInChunks: true } and not AddNode, ..]) return;
        ((StoringNode)Output.Readers[0]).TakeOverForward(this);
        _isDeferred = true;
    }

    protected override void RunForward(WorkerPool pool)
    {
        if (!_isDeferred) base.RunForward(pool);
    }

    protected override void ForwardImages(ImageRange images, int part) =>
        Elementwise.Add(
            Tier, ReadInput(0, images, part), ReadInput(1, images, part),
            (long)images.Count * Output.ImageLength, OutputValue(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        for (var i = 0; i < Inputs.Length; i++)
        {
            if (Inputs[i].NeedsGradient && !SharesGradient(Inputs[i]))
                Elementwise.Copy(
                    Tier, ReadOutputGradient(images, part), (long)images.Count * Output.ImageLength,
                    Inputs[i].Gradient(images.First), Accumulates(i));
        }
    }

    protected override bool SharesGradient(Feature input) => input.GradientSlot == Output.GradientSlot;
}

/// <summary>a · b, where b has the shape of a or one factor for each channel.</summary>
internal sealed unsafe class MulNode(NodeContext context, Node node, Feature[] inputs, StoredFeature output)
    : StoringNode(context, node, inputs, output)
{
    private readonly bool _isElementwise = inputs[0].Shape == inputs[1].Shape;

    private int Channels => Output.Shape.Channels;

    protected override void ForwardImages(ImageRange images, int part)
    {
        float* a = ReadInput(0, images, part), b = ReadInput(1, images, part), y = OutputValue(images.First);
        if (_isElementwise) Elementwise.Multiply(Tier, a, b, (long)images.Count * Output.ImageLength, y, accumulate: false);
        else ChannelScale.Forward(Tier, a, b, images.Count, Channels, Output.Pixels, y);
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        float* a = ReadInput(0, images, part), b = ReadInput(1, images, part), dy = ReadOutputGradient(images, part);
        var length = (long)images.Count * Output.ImageLength;
        if (Inputs[0].NeedsGradient)
        {
            var da = Inputs[0].Gradient(images.First);
            if (_isElementwise) Elementwise.Multiply(Tier, dy, b, length, da, Accumulates(0));
            else ChannelScale.BackwardData(Tier, dy, b, images.Count, Channels, Output.Pixels, da, Accumulates(0));
        }

        if (!Inputs[1].NeedsGradient) return;
        var db = Inputs[1].Gradient(images.First);
        if (_isElementwise) Elementwise.Multiply(Tier, dy, a, length, db, Accumulates(1));
        else ChannelScale.BackwardFactor(Tier, a, dy, images.Count, Channels, Output.Pixels, db, Accumulates(1));
    }
}
