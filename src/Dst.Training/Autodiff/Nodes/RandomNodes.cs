using Dst.Foundations;
using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>A node that draws random numbers in training: a hash of this key and an element's index in the batch.</summary>
internal abstract class RandomNode(NodeContext context, Node node, Feature input, StoredFeature output)
    : StoringNode(context, node, [input], output)
{
    private readonly int _index = context.Graph.Nodes.TakeWhile(other => other != node).Count();

    /// <summary>Random bits of this node and step.</summary>
    protected ulong Key { get; private set; }

    protected override void BeginForward(WorkerPool pool) =>
        Key = new RandomStream(Context.Seed, RandomPurpose.Dropout, Pass.Step, _index).NextBits();
}

/// <summary>Dropout in training; a copy otherwise.</summary>
internal sealed unsafe class DropoutNode(NodeContext context, Node node, Feature input, StoredFeature output)
    : RandomNode(context, node, input, output)
{
    private float Rate => Pass.Training ? ((DropoutOp)Node.Operation).Rate : 0;

    protected override void ForwardImages(ImageRange images, int part) =>
        Apply(ReadInput(0, images, part), images, OutputValue(images.First), accumulate: false);

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient) Apply(ReadOutputGradient(images, part), images, Input.Gradient(images.First), Accumulates(0));
    }

    private void Apply(float* source, ImageRange images, float* destination, bool accumulate)
    {
        var length = (long)images.Count * Input.ImageLength;
        if (Rate == 0) Elementwise.Copy(Tier, source, length, destination, accumulate);
        else Dropout.Apply(source, length, (long)images.First * Input.ImageLength, Key, Rate, destination, accumulate);
    }
}

/// <summary>Max-pooling dropout in training; its weighted pooling or scaled maximum otherwise.</summary>
internal sealed unsafe class MaxPoolDropoutNode(
    NodeContext context, Node node, Feature input, StoredFeature output, MaxPoolDropoutOp operation)
    : RandomNode(context, node, input, output)
{
    private readonly WindowShape _shape = operation.ShapeFor(input.Shape);
    private int _retained;

    protected override void PlanScratch() => _retained = ReserveScratch(checked(ChunkImages * Input.ImageLength));

    protected override void ForwardImages(ImageRange images, int part)
    {
        float* x = ReadInput(0, images, part), y = OutputValue(images.First);
        if (Pass.Training) MaxPoolDropout.Forward(Tier, _shape, x, images.Count, UnitsOf(images), Scratch(part, _retained), y);
        else if (operation.Inference == PoolInference.ScaledMax) MaxPool.Forward(Tier, _shape, x, images.Count, y, operation.Retain);
        else MaxPoolDropout.Mean(Tier, _shape, x, images.Count, operation.Retain, y);
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            MaxPoolDropout.Backward(
                Tier, _shape, ReadInput(0, images, part), OutputValue(images.First), ReadOutputGradient(images, part), images.Count,
                UnitsOf(images), Scratch(part, _retained), Input.Gradient(images.First), Accumulates(0));
    }

    private RetainedUnits UnitsOf(ImageRange images) => new(Key, operation.Retain, (long)images.First * Input.ImageLength);
}

/// <summary>Stochastic pooling in training; the mean over its choices otherwise.</summary>
internal sealed unsafe class StochasticPoolNode(NodeContext context, Node node, Feature input, StoredFeature output, WindowShape shape)
    : RandomNode(context, node, input, output)
{
    protected override void ForwardImages(ImageRange images, int part)
    {
        float* x = ReadInput(0, images, part), y = OutputValue(images.First);
        if (Pass.Training) StochasticPool.Forward(Tier, shape, x, images.Count, Key, FirstOutput(images), y);
        else StochasticPool.Mean(Tier, shape, x, images.Count, y);
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            StochasticPool.Backward(
                Tier, shape, ReadInput(0, images, part), ReadOutputGradient(images, part), images.Count, Key, FirstOutput(images),
                Input.Gradient(images.First), Accumulates(0));
    }

    private long FirstOutput(ImageRange images) => (long)images.First * Output.ImageLength;
}
