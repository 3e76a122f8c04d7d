using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>A node with small weights: packed before each pass, their gradient summed by each part on its own and then over the parts.</summary>
internal abstract unsafe class PackedWeightNode : TrainingNode, IDisposable
{
    private readonly Workspace _workspace;
    private readonly BiasTerm _bias;
    private readonly AlignedBuffer _packed;

    protected PackedWeightNode(Node node, Feature input, StoredFeature output, Parameter weight, Parameter? bias, int packedLength, Workspace workspace)
        : base(node, [input], output, workspace)
    {
        Weight = weight;
        _bias = new BiasTerm(workspace.Tier, bias, output.Shape);
        _packed = new AlignedBuffer(packedLength);
        _workspace = workspace;
    }

    protected Parameter Weight { get; }

    protected float* Packed => _packed.Pointer;

    protected float* BiasValues => _bias.Packed;

    protected float* OutputValue(int image) => ((StoredFeature)Output).Value(image);

    public virtual void Dispose()
    {
        _bias.Dispose();
        _packed.Dispose();
    }

    /// <summary>Packs the weights for the forward pass.</summary>
    protected abstract void Pack(Span<float> packed);

    /// <summary>Adds the weights' gradient of some images to a packed one.</summary>
    protected abstract void AddWeightGradient(ImageRange images, float* x, float* outputGradient, float* packedGradient);

    /// <summary>The inputs' gradient of some images.</summary>
    protected abstract void DataGradient(ImageRange images, float* outputGradient);

    /// <summary>Writes the packed gradient to the parameter's.</summary>
    protected abstract void Unpack(ReadOnlySpan<float> packedGradient);

    protected override void PlanScratch(int maxBatch) => _workspace.Reserve(0, (int)_packed.Length);

    protected override void BeginForward(WorkerPool pool)
    {
        Pack(_packed.Span);
        _bias.Pack();
    }

    protected override void BeginBackwardPart(int part)
    {
        _bias.BeginGradient(part);
        new Span<float>(_workspace.Partial(part), (int)_packed.Length).Clear();
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        var gradient = ReadOutputGradient(images, part);
        _bias.AddGradient(images, gradient, part);
        AddWeightGradient(images, ReadInput(0, images, part), gradient, _workspace.Partial(part));
        if (Input.NeedsGradient) DataGradient(images, gradient);
    }

    protected override void EndBackward(WorkerPool pool)
    {
        _bias.EndGradient();
        for (var part = 1; part < WorkerPool.Parts; part++) Elementwise.Accumulate(Tier, _workspace.Partial(part), _packed.Length, _workspace.Partial(0));
        Unpack(new(_workspace.Partial(0), (int)_packed.Length));
    }
}

/// <summary>A fully connected layer.</summary>
internal sealed unsafe class LinearNode : PackedWeightNode
{
    private readonly AlignedBuffer _turned;

    public LinearNode(Node node, Feature input, StoredFeature output, Parameter weight, Parameter? bias, Workspace workspace)
        : base(node, input, output, weight, bias, Linear.WeightLength(input.Shape.Channels, output.Shape.Channels), workspace) =>
        _turned = new AlignedBuffer(Linear.TurnedWeightLength(Features, Outputs));

    /// <summary>All images of a part at once: they share each load of a weight.</summary>
    protected override int ChunkImages => int.MaxValue;

    private int Features => Input.Shape.Channels;

    private int Outputs => Output.Shape.Channels;

    public override void Dispose()
    {
        _turned.Dispose();
        base.Dispose();
    }

    protected override void Pack(Span<float> packed) => Linear.PackWeights(Features, Outputs, Weight.Value, packed);

    protected override void AddWeightGradient(ImageRange images, float* x, float* outputGradient, float* packedGradient) =>
        Linear.WeightGradient(Tier, x, outputGradient, images.Count, Features, Outputs, packedGradient);

    protected override void Unpack(ReadOnlySpan<float> packedGradient) => Linear.UnpackWeights(Features, Outputs, packedGradient, Weight.Gradient);

    protected override void ForwardImages(ImageRange images, int part) =>
        Linear.Forward(Tier, ReadInput(0, images, part), images.Count, Features, Outputs, Packed, BiasValues, OutputValue(images.First));

    protected override void BeginBackward(WorkerPool pool)
    {
        if (Input.NeedsGradient) Linear.PackTurnedWeights(Features, Outputs, Weight.Value, _turned.Span);
    }

    protected override void DataGradient(ImageRange images, float* outputGradient) =>
        Linear.DataGradient(Tier, outputGradient, images.Count, Features, Outputs, _turned.Pointer, Input.Gradient(images.First), Accumulate(0));
}

/// <summary>A depthwise convolution.</summary>
internal sealed unsafe class DepthwiseNode(
    Node node, Feature input, StoredFeature output, Parameter weight, Parameter? bias, WindowShape shape, Workspace workspace)
    : PackedWeightNode(node, input, output, weight, bias, DepthwiseConv2d.WeightLength(shape), workspace)
{
    protected override void Pack(Span<float> packed) => DepthwiseConv2d.PackWeights(shape, Weight.Value, packed);

    protected override void AddWeightGradient(ImageRange images, float* x, float* outputGradient, float* packedGradient) =>
        DepthwiseConv2d.WeightGradient(Tier, shape, x, outputGradient, images.Count, packedGradient);

    protected override void Unpack(ReadOnlySpan<float> packedGradient) => DepthwiseConv2d.UnpackWeights(shape, packedGradient, Weight.Gradient);

    protected override void ForwardImages(ImageRange images, int part) =>
        DepthwiseConv2d.Forward(Tier, shape, ReadInput(0, images, part), Packed, BiasValues, images.Count, OutputValue(images.First));

    protected override void DataGradient(ImageRange images, float* outputGradient) =>
        DepthwiseConv2d.DataGradient(Tier, shape, outputGradient, Packed, images.Count, Input.Gradient(images.First), Accumulate(0));
}
