using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Depthwise convolution: each channel has its own window of weights and sees no other, so sixteen channels fill the lanes.
/// Packed weights and their gradient are [C/16, Kh·Kw, 16], zero beyond the channels. The bias's gradient is
/// <see cref="Bias.Backward"/>.
/// </summary>
public static unsafe class DepthwiseConvolution
{
    /// <summary>Floats of the packed weights.</summary>
    public static int WeightLength(WindowShape shape) => shape.Blocks * shape.Area * Layout.Block;

    /// <summary>Packs canonical weights [C, 1, Kh, Kw].</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="weights">[C, 1, Kh, Kw].</param>
    /// <param name="packed"><see cref="WeightLength"/> floats.</param>
    /// <exception cref="ArgumentException">A length does not match the sizes.</exception>
    public static void PackWeights(WindowShape shape, ReadOnlySpan<float> weights, Span<float> packed)
    {
        shape.Validate(images: 0);
        Check.Length(weights, shape.Channels * shape.Area);
        Check.Length<float>(packed, WeightLength(shape));
        fixed (float* source = weights, destination = packed)
            Layout.BlockImage(source, shape.Channels, shape.Area, destination, accumulate: false);
    }

    /// <summary>Unpacks weights or their gradient to [C, 1, Kh, Kw].</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="packed"><see cref="WeightLength"/> floats.</param>
    /// <param name="weights">[C, 1, Kh, Kw].</param>
    /// <exception cref="ArgumentException">A length does not match the sizes.</exception>
    public static void UnpackWeights(WindowShape shape, ReadOnlySpan<float> packed, Span<float> weights)
    {
        shape.Validate(images: 0);
        Check.Length(packed, WeightLength(shape));
        Check.Length<float>(weights, shape.Channels * shape.Area);
        fixed (float* source = packed, destination = weights)
            Layout.UnblockImage(source, shape.Channels, shape.Area, destination);
    }

    /// <summary>y = conv(x) + bias.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="weights">Packed.</param>
    /// <param name="bias">Padded [C], zero beyond the channels.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="y">[N, C/16, OutHeight, OutWidth, 16].</param>
    public static void Forward(SimdTier tier, WindowShape shape, float* x, float* weights, float* bias, int images, float* y) =>
        Forward(tier, shape, x, weights, new Epilogue(bias, null, Bounds.None), images, y);

    /// <summary>y = conv(x) and what follows it.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="weights">Packed.</param>
    /// <param name="epilogue">With a bias.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="y">[N, C/16, OutHeight, OutWidth, 16].</param>
    public static void Forward(SimdTier tier, WindowShape shape, float* x, float* weights, Epilogue epilogue, int images, float* y)
    {
        shape.Validate(images);
        KernelRunner.Run(tier, new DepthwiseForward(shape, x, weights, epilogue, images, y));
    }

    /// <summary>dx = Σ dy · weight over the windows that see x.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="weights">Packed.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="dx">Gradient of the input.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    public static void BackwardData(SimdTier tier, WindowShape shape, float* dy, float* weights, int images, float* dx, bool accumulate)
    {
        shape.Validate(images);
        KernelRunner.Run(tier, new DepthwiseBackwardData(shape, dy, weights, images, dx, accumulate));
    }

    /// <summary>Adds Σ dy · x over a run of images to the packed gradient of the weights.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="x">The forward pass's input.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="gradient">Packed.</param>
    public static void BackwardWeight(SimdTier tier, WindowShape shape, float* x, float* dy, int images, float* gradient)
    {
        shape.Validate(images);
        KernelRunner.Run(tier, new DepthwiseBackwardWeight(shape, x, dy, images, gradient));
    }
}
