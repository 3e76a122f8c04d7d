using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Runtime.Inference.Steps;

/// <summary>A layer with weights and a bias, packed, and what passes fused into it.</summary>
internal abstract unsafe class WeightedStep : InferenceStep
{
    private readonly AlignedBuffer _weights;
    private readonly AlignedBuffer _bias;
    private readonly Bounds _bounds;

    /// <summary>Takes memory for the weights and packs the bias.</summary>
    protected WeightedStep(PlanNode node, string algorithm, int filters, long weightLength)
        : base(node.Layer, algorithm, node.Inputs[0], node.Residual, node.Output)
    {
        _weights = new AlignedBuffer(weightLength);
        _bias = new AlignedBuffer(Layout.PaddedChannels(filters));
        node.Bias?.CopyTo(_bias.Span);
        _bounds = node.Bounds;
    }

    public override long WeightBytes => (_weights.Length + _bias.Length) * sizeof(float);

    /// <summary>The packed weights.</summary>
    protected AlignedBuffer Packed => _weights;

    /// <summary>[O], padded to whole blocks.</summary>
    protected float* Bias => _bias.Pointer;

    public override void Dispose()
    {
        _weights.Dispose();
        _bias.Dispose();
        base.Dispose();
    }

    /// <summary>Adds the residual and clips the sum, to an output that has its bias.</summary>
    protected void Finish(float* y, float* residual, int images, int blocks, int pixels)
    {
        if (_bounds != Bounds.None || residual != null) Epilogue.Apply(y, null, residual, _bounds, images, blocks, pixels);
    }

    /// <summary>The same for one block of an output that has no bias yet.</summary>
    protected void FinishBlock(float* y, float* residual, int block, int pixels) =>
        Epilogue.Apply(y, Bias + block * Layout.Block, residual, _bounds, images: 1, blocks: 1, pixels);
}
