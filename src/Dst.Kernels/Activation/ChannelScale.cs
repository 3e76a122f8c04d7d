using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Maps times one factor for each image and channel, as squeeze-and-excitation has them (Hu, Shen, Sun, CVPR 2018).</summary>
public static unsafe class ChannelScale
{
    /// <summary>y[n, c] = x[n, c] · factors[n, c].</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="factors">[N, C/16, 1, 1, 16].</param>
    /// <param name="images">Images N.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="y">Same layout as <paramref name="x"/>.</param>
    public static void Forward(SimdTier tier, float* x, float* factors, int images, int channels, int pixels, float* y) =>
        BackwardData(tier, x, factors, images, channels, pixels, y, accumulate: false);

    /// <summary>dx[n, c] = dy[n, c] · factors[n, c].</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="factors">[N, C/16, 1, 1, 16].</param>
    /// <param name="images">Images N.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="dx">Gradient of the maps.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    /// <exception cref="ArgumentException">A number of images, channels or pixels is out of range.</exception>
    public static void BackwardData(
        SimdTier tier, float* dy, float* factors, int images, int channels, int pixels, float* dx, bool accumulate)
    {
        Check.Images(images, channels, pixels);
        // The backward pass of an affine map whose weights differ from image to image.
        for (var n = 0; n < images; n++)
        {
            var offset = n * Layout.ImageLength(channels, pixels);
            var scale = new AffineFunction(factors + (long)n * Layout.PaddedChannels(channels), null);
            KernelRunner.Run(tier, new ActivationBackwardData<AffineFunction>(
                scale, dy + offset, dy + offset, dy + offset, 1, Layout.Blocks(channels), pixels, dx + offset, accumulate));
        }
    }

    /// <summary>dfactors[n, c] = Σ x[n, c] · dy[n, c] over the pixels, summed in double.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">The forward pass's maps.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="images">Images N.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="dfactors">[N, C/16, 1, 1, 16].</param>
    /// <param name="accumulate">Adds to <paramref name="dfactors"/> rather than overwrites it.</param>
    /// <exception cref="ArgumentException">A number of images, channels or pixels is out of range.</exception>
    public static void BackwardFactor(
        SimdTier tier, float* x, float* dy, int images, int channels, int pixels, float* dfactors, bool accumulate)
    {
        Check.Images(images, channels, pixels);
        var sums = stackalloc double[Layout.Block];
        var plane = (long)pixels * Layout.Block;
        for (var i = 0L; i < (long)images * Layout.Blocks(channels); i++, dfactors += Layout.Block)
        {
            new Span<double>(sums, Layout.Block).Clear();
            KernelRunner.Run(tier, new ActivationBackwardWeight<AffineFunction>(x + i * plane, dy + i * plane, 1, 1, pixels, sums));
            for (var lane = 0; lane < Layout.Block; lane++) dfactors[lane] = (float)sums[lane] + (accumulate ? dfactors[lane] : 0);
        }
    }
}
