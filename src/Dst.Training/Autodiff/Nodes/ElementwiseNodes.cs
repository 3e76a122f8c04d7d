using Dst.Foundations;
using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>max(x, 0), where it cannot be part of its input (<see cref="Feature.Relu"/>).</summary>
internal sealed unsafe class ReluNode(Node node, Feature input, StoredFeature output, Workspace workspace) : TrainingNode(node, [input], output, workspace)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        Elementwise.Relu(Tier, ReadInput(0, images, part), (long)images.Count * Input.ImageLength, output.Value(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (!Input.NeedsGradient) return;
        Elementwise.ReluGradient(
            Tier, output.Value(images.First), ReadOutputGradient(images, part), (long)images.Count * Input.ImageLength, Input.Gradient(images.First), Accumulate(0));
    }
}

/// <summary>Stores an input that is computed as it is read, for a reader that needs it in memory.</summary>
internal sealed unsafe class StoreNode(Node node, Feature input, StoredFeature output, Workspace workspace) : TrainingNode(node, [input], output, workspace)
{
    protected override void ForwardImages(ImageRange images, int part) => Input.Read(images, output.Value(images.First));

    protected override void BackwardImages(ImageRange images, int part) =>
        Elementwise.Copy(Tier, ReadOutputGradient(images, part), (long)images.Count * Input.ImageLength, Input.Gradient(images.First), Accumulate(0));
}

/// <summary>a + b. An operand takes the sum's gradient for its own where it may.</summary>
internal sealed unsafe class AddNode(Node node, Feature[] inputs, StoredFeature output, Workspace workspace) : TrainingNode(node, inputs, output, workspace)
{
    /// <summary>
    /// Lets operands share the sum's gradient: those that nothing else reads, and one more whose other readers write to it only after
    /// the producers of the former have read it. To be called for the last addition of a network first.
    /// </summary>
    public void ShareGradient(Func<TrainingNode, int> indexOf)
    {
        if (Inputs[0] == Inputs[1] || output.IsGradientComputed) return;
        var alone = Inputs.Where(input => input is { NeedsGradient: true, IsKept: false, Relu: false, Readers.Count: 1 }).ToList();
        foreach (var operand in alone)
        {
            operand.GradientSlot = Output.GradientSlot;
            output.SharedOperands.Add(operand);
        }

        // Additions of additions: what else reads the shared gradient, and when, is not to be seen from here.
        if (IsOutputShared || alone.Exists(operand => operand.Producer is AddNode)) return;
        var earliest = alone.Select(operand => indexOf(operand.Producer!)).DefaultIfEmpty(int.MaxValue).Min();
        var other = Inputs.Except(alone).ToList();
        if (other is [{ NeedsGradient: true, IsKept: false } one] && one.Readers[^1] == this && one.Readers.Count > 1 && one.Readers.SkipLast(1).All(reader => indexOf(reader) < earliest))
            one.GradientSlot = Output.GradientSlot;
    }

    /// <summary>Whether the sum is itself an operand that uses the gradient of a later addition, with that addition's other operand.</summary>
    private bool IsOutputShared => output.Readers is [AddNode next] && ((StoredFeature)next.Output).SharedOperands.Contains(output);

    protected override void ForwardImages(ImageRange images, int part) =>
        Elementwise.Add(Tier, ReadInput(0, images, part), ReadInput(1, images, part), (long)images.Count * Output.ImageLength, output.Value(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        for (var i = 0; i < Inputs.Length; i++)
        {
            if (Inputs[i].NeedsGradient && !SharesGradient(Inputs[i]))
                Elementwise.Copy(Tier, ReadOutputGradient(images, part), (long)images.Count * Output.ImageLength, Inputs[i].Gradient(images.First), Accumulate(i));
        }
    }

    protected override bool SharesGradient(Feature input) => input.GradientSlot == Output.GradientSlot;
}

/// <summary>a · b, where b has the shape of a or one factor for each channel.</summary>
internal sealed unsafe class MulNode(Node node, Feature[] inputs, StoredFeature output, Workspace workspace) : TrainingNode(node, inputs, output, workspace)
{
    private readonly bool _isElementwise = inputs[0].Shape == inputs[1].Shape;

    private int Channels => Output.Shape.Channels;

    protected override void ForwardImages(ImageRange images, int part)
    {
        float* a = ReadInput(0, images, part), b = ReadInput(1, images, part), y = output.Value(images.First);
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
            if (_isElementwise) Elementwise.Multiply(Tier, dy, b, length, da, Accumulate(0));
            else ChannelScale.DataGradient(Tier, dy, b, images.Count, Channels, Output.Pixels, da, Accumulate(0));
        }

        if (!Inputs[1].NeedsGradient) return;
        var db = Inputs[1].Gradient(images.First);
        if (_isElementwise) Elementwise.Multiply(Tier, dy, a, length, db, Accumulate(1));
        else ChannelScale.FactorGradient(Tier, a, dy, images.Count, Channels, Output.Pixels, db, Accumulate(1));
    }
}

/// <summary>Dropout in training; a copy otherwise.</summary>
internal sealed unsafe class DropoutNode(Node node, Feature input, StoredFeature output, long seed, int index, Workspace workspace)
    : TrainingNode(node, [input], output, workspace)
{
    private ulong _key;

    private float Rate => Pass.Training ? ((DropoutOp)Node.Operation).Rate : 0;

    protected override void BeginForward(WorkerPool pool) => _key = new RandomStream(seed, RandomPurpose.Dropout, Pass.Step, index).NextBits();

    protected override void ForwardImages(ImageRange images, int part) => Apply(ReadInput(0, images, part), images, output.Value(images.First), accumulate: false);

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient) Apply(ReadOutputGradient(images, part), images, Input.Gradient(images.First), Accumulate(0));
    }

    private void Apply(float* source, ImageRange images, float* destination, bool accumulate)
    {
        var length = (long)images.Count * Input.ImageLength;
        if (Rate == 0) Elementwise.Copy(Tier, source, length, destination, accumulate);
        else Dropout.Apply(source, length, (long)images.First * Input.ImageLength, _key, Rate, destination, accumulate);
    }
}
