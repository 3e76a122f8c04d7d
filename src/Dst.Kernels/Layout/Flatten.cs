namespace Dst.Kernels;

/// <summary>
/// [C, H, W] to C·H·W features in NCHW order. A blocked image of features, [F/16, 1, 1, 16], is a plain row padded with zeros.
/// </summary>
public static unsafe class Flatten
{
    /// <summary>y = the values of x in NCHW order.</summary>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Number of images N.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="y">[N, F/16, 16] with F = C · H · W.</param>
    public static void Forward(float* x, int images, int channels, int pixels, float* y)
    {
        var features = Features(images, channels, pixels);
        var pitch = Layout.PaddedChannels(features);
        for (var n = 0; n < images; n++, x += Layout.ImageLength(channels, pixels), y += pitch)
        {
            Layout.UnblockImage(x, channels, pixels, y);
            new Span<float>(y + features, pitch - features).Clear();
        }
    }

    /// <summary>The inverse, for gradients.</summary>
    /// <param name="dy">[N, F/16, 16].</param>
    /// <param name="images">Number of images N.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="dx">[N, C/16, H, W, 16].</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    public static void Backward(float* dy, int images, int channels, int pixels, float* dx, bool accumulate)
    {
        var pitch = Layout.PaddedChannels(Features(images, channels, pixels));
        for (var n = 0; n < images; n++, dy += pitch, dx += Layout.ImageLength(channels, pixels))
            Layout.BlockImage(dy, channels, pixels, dx, accumulate);
    }

    private static int Features(int images, int channels, int pixels)
    {
        Check.Images(images, channels, pixels);
        return checked(channels * pixels);
    }
}
