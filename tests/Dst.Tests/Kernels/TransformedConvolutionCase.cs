using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>A convolution in a form that computes in a transform domain. The direct convolution is the reference.</summary>
internal abstract unsafe class TransformedConvolutionCase(string form, string pattern, int images, Conv2dShape shape, KeptTaps? kept)
    : OperationCase($"{form} {pattern} {images} {shape}")
{
    public override string Reference => $"{pattern} {images} {shape}";

    protected int Images => images;

    protected Conv2dShape Shape => shape;

    protected KeptTaps? Kept => kept;

    public override int DataInputs => 1;

    public override bool RunsOn(SimdTier tier) => tier != SimdTier.Scalar;

    public override Blocked[] MakeInputs()
    {
        var weights = RandomParameter(shape.Filters * shape.RowLength, seed: 2);
        ZeroPruned(weights);
        return [Blocked.Random(images, shape.Channels, shape.Height, shape.Width, seed: 1), weights];
    }

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, shape.Filters, shape.OutHeight, shape.OutWidth);
        using var bias = new AlignedBuffer(Layout.PaddedChannels(shape.Filters));
        ZeroPruned(inputs[1]);
        if (tier is null)
            DirectConvolution.ForwardReference(shape, images, inputs[0].Pointer, inputs[1].Pointer, bias.Pointer, y.Pointer);
        else Forward(tier.Value, inputs[0].Pointer, Plain(inputs[1]), y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        if (tier is null)
        {
            gradients[1].Span.Clear();
            DirectConvolution.BackwardDataReference(shape, images, dy.Pointer, inputs[1].Pointer, gradients[0].Pointer, accumulate);
            DirectConvolution.BackwardWeightReference(shape, 0, shape.Filters, images, inputs[0].Pointer, dy.Pointer, gradients[1].Pointer);
            ZeroPruned(gradients[1]);
            return;
        }

        Backward(tier.Value, inputs[0].Pointer, Plain(inputs[1]), dy.Pointer, gradients[0], Plain(gradients[1]), accumulate);

        // A whole vector of filters has a gradient wherever one of them keeps a weight.
        if (kept is { Block: < Layout.Block }) ZeroPruned(gradients[1]);
    }

    protected abstract void Forward(SimdTier tier, float* x, Span<float> weights, float* y);

    protected abstract void Backward(
        SimdTier tier, float* x, Span<float> weights, float* dy, Blocked dx, Span<float> weightGradient, bool accumulate);

    protected static AlignedBuffer Garbage(long length)
    {
        var buffer = new AlignedBuffer(length);
        buffer.Span.Fill(float.NaN);
        return buffer;
    }

    private static Span<float> Plain(Blocked parameter) => parameter.Span[..parameter.Channels];

    private void ZeroPruned(Blocked weights)
    {
        if (kept is null) return;
        for (var o = 0; o < shape.Filters; o++)
        {
            for (var p = 0; p < shape.RowLength; p++)
            {
                if (Array.BinarySearch(kept.Positions[o / kept.Block], p) < 0) weights.Span[o * shape.RowLength + p] = 0;
            }
        }
    }
}
