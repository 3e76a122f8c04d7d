using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>
/// A node with small weights: packed before each pass, their gradient summed by each part on its own and then over the parts.
/// </summary>
internal abstract unsafe class PackedWeightNode : StoringNode, IDisposable
{
    private readonly BiasTerm _bias;
    private readonly AlignedBuffer _packed;
    private readonly int _gradientLength;

    protected PackedWeightNode(
        NodeContext context, Node node, Feature input, StoredFeature output, int packedLength, int packedGradientLength)
        : base(context, node, [input], output)
    {
        _gradientLength = packedGradientLength;
        Weight = context.ParameterOf(node, "weight");
        _bias = new BiasTerm(context, context.FindParameterOf(node, "bias"), output.Shape);
        _packed = new AlignedBuffer(packedLength);
    }

    protected Parameter Weight { get; }

    protected float* Packed => _packed.Pointer;

    protected float* BiasValues => _bias.Packed;

    private WeightGradientSums Sums => new(Context, partsOfSum: 1);

    public virtual void Dispose()
    {
        _bias.Dispose();
        _packed.Dispose();
    }

    /// <summary>Packs the weights for the forward pass.</summary>
    protected abstract void Pack(Span<float> packed);

    /// <summary>Adds the weights' gradient of some images to a packed one, and computes the inputs' gradient if it is needed.</summary>
    protected abstract void Backward(ImageRange images, float* x, float* outputGradient, float* packedGradient, int part);

    /// <summary>Writes the packed gradient to the parameter's.</summary>
    protected abstract void Unpack(ReadOnlySpan<float> packedGradient);

    protected override void PlanScratch() => Context.Workspace.ReservePartials(_gradientLength);

    protected override void BeginForward(WorkerPool pool)
    {
        Pack(_packed.Span);
        _bias.Pack();
    }

    protected override void BeginBackwardPart(int part)
    {
        _bias.BeginGradient(part);
        new Span<float>(Sums.Of(part), _gradientLength).Clear();
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        var gradient = ReadOutputGradient(images, part);
        _bias.AddGradient(images, gradient, part);
        Backward(images, ReadInput(0, images, part), gradient, Sums.Of(part), part);
    }

    protected override void EndBackward(WorkerPool pool)
    {
        _bias.EndGradient();
        Sums.Combine(0, _gradientLength);
        Unpack(new(Sums.First, _gradientLength));
        Context.Gradients.Sum(Weight);
    }
}

/// <summary>A fully connected layer.</summary>
internal sealed unsafe class LinearNode : PackedWeightNode
{
    private readonly AlignedBuffer _backwardDataWeights;

    public LinearNode(NodeContext context, Node node, Feature input, StoredFeature output)
        : base(
            context, node, input, output, Linear.WeightLength(input.Shape.Channels, output.Shape.Channels),
            Linear.WeightLength(input.Shape.Channels, output.Shape.Channels)) =>
        _backwardDataWeights = new AlignedBuffer(Linear.BackwardDataWeightLength(Features, Outputs));

    /// <summary>All images of a part at once: they share each load of a weight.</summary>
    protected override int ChunkImages => int.MaxValue;

    private int Features => Input.Shape.Channels;

    private int Outputs => Output.Shape.Channels;

    public override void Dispose()
    {
        _backwardDataWeights.Dispose();
        base.Dispose();
    }

    protected override void Pack(Span<float> packed) => Linear.PackWeights(Features, Outputs, Weight.Value, packed);

    protected override void Backward(ImageRange images, float* x, float* outputGradient, float* packedGradient, int part)
    {
        Linear.BackwardWeight(Tier, x, outputGradient, images.Count, Features, Outputs, packedGradient);
        if (Input.NeedsGradient)
            Linear.BackwardData(
                Tier, outputGradient, images.Count, Features, Outputs, _backwardDataWeights.Pointer, Input.Gradient(images.First),
                Accumulates(0));
    }

    protected override void Unpack(ReadOnlySpan<float> packedGradient) =>
        Linear.UnpackWeights(Features, Outputs, packedGradient, Weight.Gradient);

    protected override void ForwardImages(ImageRange images, int part) =>
        Linear.Forward(Tier, ReadInput(0, images, part), images.Count, Features, Outputs, Packed, BiasValues, OutputValue(images.First));

    protected override void BeginBackward(WorkerPool pool)
    {
        if (Input.NeedsGradient) Linear.PackBackwardDataWeights(Features, Outputs, Weight.Value, _backwardDataWeights.Span);
    }
}

/// <summary>A depthwise convolution.</summary>
internal sealed unsafe class DepthwiseNode(NodeContext context, Node node, Feature input, StoredFeature output, WindowShape shape)
    : PackedWeightNode(
        context, node, input, output, DepthwiseConvolution.WeightLength(shape), DepthwiseConvolution.WeightLength(shape))
{
    protected override void Pack(Span<float> packed) => DepthwiseConvolution.PackWeights(shape, Weight.Value, packed);

    protected override void Backward(ImageRange images, float* x, float* outputGradient, float* packedGradient, int part)
    {
        DepthwiseConvolution.BackwardWeight(Tier, shape, x, outputGradient, images.Count, packedGradient);
        if (Input.NeedsGradient)
            DepthwiseConvolution.BackwardData(
                Tier, shape, outputGradient, Packed, images.Count, Input.Gradient(images.First), Accumulates(0));
    }

    protected override void Unpack(ReadOnlySpan<float> packedGradient) =>
        DepthwiseConvolution.UnpackWeights(shape, packedGradient, Weight.Gradient);

    protected override void ForwardImages(ImageRange images, int part) =>
        DepthwiseConvolution.Forward(Tier, shape, ReadInput(0, images, part), Packed, BiasValues, images.Count, OutputValue(images.First));
}

/// <summary>A depthwise convolution in the frequency domain.</summary>
internal sealed unsafe class DepthwiseFftNode(
    NodeContext context, Node node, Feature input, StoredFeature output, DepthwiseFftConvolution kernel)
    : PackedWeightNode(context, node, input, output, kernel.WeightLength, kernel.WeightLength)
{
    private int _scratch;

    protected override void PlanScratch()
    {
        base.PlanScratch();
        _scratch = ReserveScratch(kernel.ScratchLength);
    }

    protected override void Pack(Span<float> packed) => kernel.PackWeights(Weight.Value, packed);

    protected override void Backward(ImageRange images, float* x, float* outputGradient, float* packedGradient, int part)
    {
        var gradient = Input.NeedsGradient ? Input.Gradient(images.First) : null;
        kernel.Backward(
            images.Count, x, outputGradient, Packed, packedGradient, gradient, Accumulates(0), Scratch(part, _scratch));
    }

    protected override void Unpack(ReadOnlySpan<float> packedGradient) => kernel.UnpackWeightGradient(packedGradient, Weight.Gradient);

    protected override void ForwardImages(ImageRange images, int part) =>
        kernel.Forward(
            0, images.Count * kernel.Shape.ChannelBlocks, ReadInput(0, images, part), Packed, new(BiasValues, null, Bounds.None),
            OutputValue(images.First), Scratch(part, _scratch));
}
