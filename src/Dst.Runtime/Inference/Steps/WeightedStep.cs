using Dst.Kernels;
using Dst.Runtime.Lowering;
using Dst.Runtime.Threading;

namespace Dst.Runtime.Inference.Steps;

/// <summary>A layer with packed weights and bias, and what passes have fused into it.</summary>
internal abstract unsafe class WeightedStep : InferenceStep
{
    private readonly AlignedBuffer _bias;
    private readonly Bounds _bounds;

    /// <summary>Takes memory for the weights and packs the bias.</summary>
    protected WeightedStep(LoweredNode node, string form, int filters, long weightLength)
        : base(node.Layer, form, node.Inputs[0], node.Residual, node.Output)
    {
        Packed = new AlignedBuffer(weightLength);
        _bias = new AlignedBuffer(Layout.PaddedChannels(filters));
        node.Bias?.CopyTo(_bias.Span);
        _bounds = node.Bounds;
    }

    public override long WeightBytes => (Packed.Length + _bias.Length) * sizeof(float);

    /// <summary>The packed weights.</summary>
    protected AlignedBuffer Packed { get; }

    public override void Dispose()
    {
        Packed.Dispose();
        _bias.Dispose();
        base.Dispose();
    }

    /// <summary>What is done to the layer's products, from the first image on.</summary>
    protected Epilogue Epilogue(in StepData data) => new(_bias.Pointer, data.Second, _bounds);
}
