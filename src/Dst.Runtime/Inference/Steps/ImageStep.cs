using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference.Steps;

/// <summary>A step that makes one map of another and has an image as its unit of work.</summary>
internal abstract unsafe class ImageStep(LoweredNode node, string form, FeatureShape x, FeatureShape y, int input = 0)
    : InferenceStep(node.Layer, form, node.Inputs[input], null, node.Output)
{
    private readonly long _xLength = x.BlockedLength;
    private readonly long _yLength = y.BlockedLength;

    /// <summary>Shape of an image of the input.</summary>
    protected FeatureShape Shape { get; } = x;

    /// <summary>Pixels of a channel of the input.</summary>
    protected int Pixels => Shape.Pixels;

    public sealed override int Units(int images) => images;

    public sealed override void Run(in StepData data, int first, int end, float* scratch) =>
        Compute(data.Tier, data.X + first * _xLength, end - first, data.Y + first * _yLength);

    /// <summary>Runs the kernel on some images.</summary>
    protected abstract void Compute(SimdTier tier, float* x, int images, float* y);
}
