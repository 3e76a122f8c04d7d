namespace Dst.Kernels;

/// <summary>
/// Local response normalisation across channels (Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural
/// Networks", 2012): y[c] = x[c] / s[c]^beta with s[c] = bias + alpha/size · Σ x[j]² over <c>size</c> channels around c. One form in double
/// precision serves all vector widths: only old networks have it, a few times.
/// </summary>
public sealed unsafe class LocalResponseNorm
{
    private readonly int _before;
    private readonly int _after;
    private readonly double _alpha;
    private readonly double _beta;
    private readonly double _bias;

    /// <summary>Checks the arguments.</summary>
    /// <param name="size">Channels in a sum, 1 or more; of an even number one more lies behind c than before it.</param>
    /// <param name="alpha">Factor of their mean, 0 or more.</param>
    /// <param name="beta">Exponent.</param>
    /// <param name="bias">Above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public LocalResponseNorm(int size, float alpha, float beta, float bias)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(alpha);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bias);
        (_before, _after, _alpha, _beta, _bias) = ((size - 1) / 2, size / 2, (double)alpha / size, beta, bias);
    }

    /// <summary>y from x.</summary>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images N.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="y">Same layout; another place than <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">A number of images, channels or pixels is out of range.</exception>
    public void Forward(float* x, int images, int channels, int pixels, float* y)
    {
        Check.Images(images, channels, pixels);
        var pixel = new PixelChannels(channels, pixels);
        var sums = new double[channels];
        for (var i = 0L; i < (long)images * pixels; i++)
        {
            var at = pixel.PixelAt(i);
            Sum(pixel, x + at, sums);
            for (var c = 0; c < channels; c++) y[at + pixel.ChannelAt(c)] = (float)(x[at + pixel.ChannelAt(c)] * Math.Pow(sums[c], -_beta));
            for (var c = channels; c < pixel.Blocks * Layout.Block; c++) y[at + pixel.ChannelAt(c)] = 0;
        }
    }

    /// <summary>
    /// dx[c] = dy[c]·s[c]^−beta − 2·alpha/size·beta·x[c]·Σ dy[j]·x[j]·s[j]^(−beta−1), the sum over the channels j whose sums have c.
    /// </summary>
    /// <param name="x">The forward pass's input.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="images">Images N.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="dx">Gradient of the input.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    /// <exception cref="ArgumentException">A number of images, channels or pixels is out of range.</exception>
    public void Backward(float* x, float* dy, int images, int channels, int pixels, float* dx, bool accumulate)
    {
        Check.Images(images, channels, pixels);
        var pixel = new PixelChannels(channels, pixels);
        var (sums, shares) = (new double[channels], new double[channels]);
        for (var i = 0L; i < (long)images * pixels; i++)
        {
            var at = pixel.PixelAt(i);
            Sum(pixel, x + at, sums);
            for (var c = 0; c < channels; c++)
            {
                var place = at + pixel.ChannelAt(c);
                shares[c] = (double)dy[place] * x[place] * Math.Pow(sums[c], -_beta - 1);
            }

            for (var c = 0; c < channels; c++)
            {
                var place = at + pixel.ChannelAt(c);
                var others = 0.0;
                for (var j = Math.Max(0, c - _after); j <= Math.Min(channels - 1, c + _before); j++) others += shares[j];
                var gradient = dy[place] * Math.Pow(sums[c], -_beta) - 2 * _alpha * _beta * x[place] * others;
                dx[place] = (float)gradient + (accumulate ? dx[place] : 0);
            }

            if (accumulate) continue;
            for (var c = channels; c < pixel.Blocks * Layout.Block; c++) dx[at + pixel.ChannelAt(c)] = 0;
        }
    }

    private void Sum(PixelChannels pixel, float* x, double[] sums)
    {
        for (var c = 0; c < sums.Length; c++)
        {
            var squares = 0.0;
            for (var j = Math.Max(0, c - _before); j <= Math.Min(sums.Length - 1, c + _after); j++)
                squares += (double)x[pixel.ChannelAt(j)] * x[pixel.ChannelAt(j)];
            sums[c] = _bias + _alpha * squares;
        }
    }
}
