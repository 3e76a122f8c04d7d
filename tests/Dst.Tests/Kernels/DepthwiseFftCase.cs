using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

/// <summary>A depthwise convolution in the frequency domain. Planes are computed in two calls, and so are the gradients.</summary>
internal sealed unsafe class DepthwiseFftCase(int images, Conv2dShape shape, FftForm form)
    : TransformedConvolutionCase($"depthwise {form}", "dense", images, shape, kept: null)
{
    /// <summary>Every form at odd shapes: ragged tiles, one tile that wraps around, lanes of no channel.</summary>
    public static IEnumerable<DepthwiseFftCase> All => ConvolutionForm.Fft.SelectMany(Of);

    protected override void Forward(SimdTier tier, float* x, Span<float> weights, float* y)
    {
        var kernel = new DepthwiseFftConvolution(tier, form, Shape);
        var planes = Images * Shape.ChannelBlocks;
        using var scratch = Garbage(kernel.ScratchLength);
        using var packed = Garbage(kernel.WeightLength);
        kernel.PackWeights(weights, packed.Span);
        kernel.Forward(0, planes / 2, x, packed.Pointer, Epilogue.None, y, scratch.Pointer);
        kernel.Forward(planes / 2, planes, x, packed.Pointer, Epilogue.None, y, scratch.Pointer);
    }

    protected override void Backward(
        SimdTier tier, float* x, Span<float> weights, float* dy, Blocked dx, Span<float> weightGradient, bool accumulate)
    {
        var kernel = new DepthwiseFftConvolution(tier, form, Shape);
        using var scratch = Garbage(kernel.ScratchLength);
        using var packed = Garbage(kernel.WeightLength);
        using var gradient = Garbage(kernel.WeightLength);
        kernel.PackWeights(weights, packed.Span);
        gradient.Span.Clear();
        kernel.Backward(1, x, dy, packed.Pointer, gradient.Pointer, dx.Pointer, accumulate, scratch.Pointer);
        if (Images > 1)
        {
            float* from = x + Shape.InputLength, to = dy + Shape.OutputLength;
            kernel.Backward(Images - 1, from, to, packed.Pointer, gradient.Pointer, dx: null, accumulate, scratch.Pointer);
            kernel.Backward(
                Images - 1, from, to, packed.Pointer, gradient: null, dx.Pointer + Shape.InputLength, accumulate, scratch.Pointer);
        }

        kernel.UnpackWeightGradient(gradient.Span, weightGradient);
    }

    private static IEnumerable<DepthwiseFftCase> Of(FftForm form)
    {
        var size = form.Size;
        yield return new(1, new(2, size - 3, size - 4, 2, 7, 7, 1, 3, 2), form); // one tile, which wraps around
        if (size > 24) yield break; // what follows does not depend on the tile, and the reference takes long
        yield return new(1, new(3, size / 2, size / 2 - 1, 3, size, size, 1, size / 2 - 1, 3), form); // taps fill the tile
        if (size < 24) yield return new(3, new(17, size + 5, 9, 17, 7, 8, 1, 2, 17), form);
    }
}
