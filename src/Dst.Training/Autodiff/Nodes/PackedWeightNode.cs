using Dst.Kernels;
using Dst.Runtime.Graph;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>
/// A node with small weights: packed before each pass, their gradient summed by each part on its own and then over the parts.
/// </summary>
internal abstract unsafe class PackedWeightNode : TrainingNode, IDisposable
{
    private readonly Workspace _workspace;
    private readonly BiasTerm? _bias;
    private readonly AlignedBuffer _zeroBias;
    private readonly AlignedBuffer _packed;
    private readonly Action<int> _weightGradientPart;

    protected PackedWeightNode(Node node, FeatureBuffer[] inputs, FeatureBuffer output, Parameter weight, Parameter? bias, int packedLength, Workspace workspace)
        : base(node, inputs, output)
    {
        Weight = weight;
        _bias = bias is null ? null : new BiasTerm(bias, output);
        _zeroBias = new AlignedBuffer(Layout.PaddedChannels(output.Shape.Channels));
        _packed = new AlignedBuffer(packedLength);
        _workspace = workspace;
        _workspace.Reserve(0, packedLength);
        _weightGradientPart = WeightGradientPart;
    }

    protected Parameter Weight { get; }

    protected float* Packed => _packed.Pointer;

    protected float* Bias => _bias is null ? _zeroBias.Pointer : _bias.Packed;

    public virtual void Dispose()
    {
        _bias?.Dispose();
        _zeroBias.Dispose();
        _packed.Dispose();
    }

    /// <summary>Packs the weights for the forward pass.</summary>
    protected abstract void Pack(Span<float> packed);

    /// <summary>Adds the gradient of some images to a packed gradient.</summary>
    protected abstract void AddWeightGradient(ImageRange images, float* packedGradient);

    /// <summary>Writes the packed gradient to the parameter's.</summary>
    protected abstract void Unpack(ReadOnlySpan<float> packedGradient);

    protected override void BeginForward(WorkerPool pool)
    {
        Pack(_packed.Span);
        _bias?.Pack();
    }

    protected override void BeginBackward(WorkerPool pool)
    {
        _bias?.Backward(pool, Pass.Images);
        pool.Run(WorkerPool.Parts, _weightGradientPart);
        for (var part = 1; part < WorkerPool.Parts; part++) Elementwise.Accumulate(_workspace.Partial(part), _packed.Length, _workspace.Partial(0));
        Unpack(new(_workspace.Partial(0), (int)_packed.Length));
    }

    private void WeightGradientPart(int part)
    {
        new Span<float>(_workspace.Partial(part), (int)_packed.Length).Clear();
        AddWeightGradient(ImageRange.OfPart(Pass.Images, part), _workspace.Partial(part));
    }
}

/// <summary>A fully connected layer.</summary>
internal sealed unsafe class LinearNode : PackedWeightNode
{
    private readonly AlignedBuffer _turned;

    public LinearNode(Node node, FeatureBuffer[] inputs, FeatureBuffer output, Parameter weight, Parameter? bias, Workspace workspace)
        : base(node, inputs, output, weight, bias, Linear.WeightLength(inputs[0].Shape.Channels, output.Shape.Channels), workspace) =>
        _turned = new AlignedBuffer(Linear.TurnedWeightLength(Features, Outputs));

    private int Features => Input.Shape.Channels;

    private int Outputs => Output.Shape.Channels;

    public override void Dispose()
    {
        _turned.Dispose();
        base.Dispose();
    }

    protected override void Pack(Span<float> packed) => Linear.PackWeights(Features, Outputs, Weight.Value, packed);

    protected override void AddWeightGradient(ImageRange images, float* packedGradient) =>
        Linear.WeightGradient(Input.Value(images.First), Output.Gradient(images.First), images.Count, Features, Outputs, packedGradient);

    protected override void Unpack(ReadOnlySpan<float> packedGradient) => Linear.UnpackWeights(Features, Outputs, packedGradient, Weight.Gradient);

    protected override void ForwardImages(ImageRange images, int part) =>
        Linear.Forward(Input.Value(images.First), images.Count, Features, Outputs, Packed, Bias, Output.Value(images.First));

    protected override void BeginBackward(WorkerPool pool)
    {
        base.BeginBackward(pool);
        if (Input.NeedsGradient) Linear.PackTurnedWeights(Features, Outputs, Weight.Value, _turned.Span);
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            Linear.DataGradient(Output.Gradient(images.First), images.Count, Features, Outputs, _turned.Pointer, Input.Gradient(images.First), Accumulate[0]);
    }
}

/// <summary>A depthwise convolution.</summary>
internal sealed unsafe class DepthwiseNode(
    Node node, FeatureBuffer[] inputs, FeatureBuffer output, Parameter weight, Parameter? bias, WindowShape shape, Workspace workspace)
    : PackedWeightNode(node, inputs, output, weight, bias, DepthwiseConv2d.WeightLength(shape), workspace)
{
    protected override void Pack(Span<float> packed) => DepthwiseConv2d.PackWeights(shape, Weight.Value, packed);

    protected override void AddWeightGradient(ImageRange images, float* packedGradient) =>
        DepthwiseConv2d.WeightGradient(shape, Input.Value(images.First), Output.Gradient(images.First), images.Count, packedGradient);

    protected override void Unpack(ReadOnlySpan<float> packedGradient) => DepthwiseConv2d.UnpackWeights(shape, packedGradient, Weight.Gradient);

    protected override void ForwardImages(ImageRange images, int part) =>
        DepthwiseConv2d.Forward(shape, Input.Value(images.First), Packed, Bias, images.Count, Output.Value(images.First));

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (Input.NeedsGradient)
            DepthwiseConv2d.DataGradient(shape, Output.Gradient(images.First), Packed, images.Count, Input.Gradient(images.First), Accumulate[0]);
    }
}
