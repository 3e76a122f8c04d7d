using Dst.Kernels.Simd;

namespace Dst.Kernels;

public static unsafe partial class BatchNorm
{
    /// <summary>Adds Σdy and Σdy·(x − mean) of each channel over a run of images to <paramref name="sums"/>.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">The forward pass's input [N, C/16, H, W, 16].</param>
    /// <param name="dy">Gradient of the output, same layout.</param>
    /// <param name="mean">The batch's, padded.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="sums">[2, padded C], <see cref="SumLength"/>.</param>
    /// <exception cref="ArgumentException">A number of images, channels or pixels is out of range, or a length does not match.</exception>
    public static void SumGradients(
        SimdTier tier, float* x, float* dy, ReadOnlySpan<float> mean, int images, int channels, int pixels, Span<double> sums)
    {
        Check.Images(images, channels, pixels);
        CheckPadded(mean, channels);
        Check.Length<double>(sums, SumLength(channels));
        fixed (float* m = mean)
        fixed (double* s = sums)
            KernelRunner.Run(tier, new BatchNormSumGradients(x, dy, m, images, Layout.Blocks(channels), pixels, s));
    }

    /// <summary>
    /// The gradient through the ReLU that follows a normalisation: sets dy = 0 where x · scale + shift ≤ 0, then adds the sums of
    /// <see cref="SumGradients"/>.
    /// </summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">The normalisation's input [N, C/16, H, W, 16].</param>
    /// <param name="dy">Gradient of the ReLU's output, same layout; becomes that of its input.</param>
    /// <param name="scale">Padded.</param>
    /// <param name="shift">Padded.</param>
    /// <param name="mean">The batch's, padded.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="sums">[2, padded C], <see cref="SumLength"/>.</param>
    /// <exception cref="ArgumentException">A number of images, channels or pixels is out of range, or a length does not match.</exception>
    public static void SumReluGradients(
        SimdTier tier, float* x, float* dy, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, ReadOnlySpan<float> mean,
        int images, int channels, int pixels, Span<double> sums)
    {
        Check.Images(images, channels, pixels);
        CheckPadded(scale, channels);
        CheckPadded(shift, channels);
        CheckPadded(mean, channels);
        Check.Length<double>(sums, SumLength(channels));
        fixed (float* a = scale, b = shift, m = mean)
        fixed (double* s = sums)
            KernelRunner.Run(tier, new BatchNormSumReluGradients(x, dy, a, b, m, images, Layout.Blocks(channels), pixels, s));
    }

    /// <summary>dγ = Σ dy·x̂ and dβ = Σ dy; overwrites both.</summary>
    /// <param name="sums">Of <see cref="SumGradients"/>, combined.</param>
    /// <param name="inverseDeviation">The batch's, padded.</param>
    /// <param name="gammaGradient">dγ [C].</param>
    /// <param name="betaGradient">dβ [C].</param>
    /// <exception cref="ArgumentException">A length does not match.</exception>
    public static void BackwardWeight(
        ReadOnlySpan<double> sums, ReadOnlySpan<float> inverseDeviation, Span<float> gammaGradient, Span<float> betaGradient)
    {
        var channels = gammaGradient.Length;
        Check.Length(sums, SumLength(channels));
        CheckPadded(inverseDeviation, channels);
        Check.Length<float>(betaGradient, channels);
        for (var c = 0; c < channels; c++)
        {
            betaGradient[c] = (float)sums[c];
            gammaGradient[c] = (float)(sums[Layout.PaddedChannels(channels) + c] * inverseDeviation[c]);
        }
    }

    /// <summary>dx = γ / √(variance + ε) · (dy − mean(dy) − x̂ · mean(dy·x̂)), the means over the whole batch.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">The forward pass's input [N, C/16, H, W, 16].</param>
    /// <param name="dy">Gradient of the output, same layout.</param>
    /// <param name="gamma">γ [C].</param>
    /// <param name="mean">The batch's, padded.</param>
    /// <param name="inverseDeviation">The batch's, padded.</param>
    /// <param name="sums">Of <see cref="SumGradients"/>, combined.</param>
    /// <param name="count">Values of each channel in the batch, N · H · W.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="dx">Gradient of the input; may be <paramref name="dy"/> if it is overwritten.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    /// <exception cref="ArgumentException">A number of images, channels or pixels is out of range, or a length does not match.</exception>
    public static void BackwardData(
        SimdTier tier,
        float* x,
        float* dy,
        ReadOnlySpan<float> gamma,
        ReadOnlySpan<float> mean,
        ReadOnlySpan<float> inverseDeviation,
        ReadOnlySpan<double> sums,
        long count,
        int images,
        int pixels,
        float* dx,
        bool accumulate)
    {
        var channels = gamma.Length;
        Check.Images(images, channels, pixels);
        CheckSums(sums, count, channels);
        CheckPadded(mean, channels);
        CheckPadded(inverseDeviation, channels);
        fixed (float* g = gamma, m = mean, inverse = inverseDeviation)
        fixed (double* s = sums)
        {
            var terms = new ChannelTerms(g, m, inverse, s, count, channels);
            KernelRunner.Run(tier, new BatchNormBackwardData(x, dy, terms, images, pixels, dx, accumulate));
        }
    }

    /// <summary>
    /// What the backward-data pass needs of each channel: dx = Scale · dy − MeanScale · (MeanGradient + (x − Mean) · Slope). Sums of
    /// dy are either those of the channel, or weighted by γ and those of its group.
    /// </summary>
    internal readonly struct ChannelTerms(
        float* gamma, float* mean, float* inverseDeviation, double* sums, long count, int channels, bool areWeighted = false)
    {
        public int Channels => channels;

        public float* Mean => mean;

        /// <summary>γ / √(variance + ε).</summary>
        public double Scale(int c) => c < channels ? (double)gamma[c] * inverseDeviation[c] : 0;

        /// <summary>What the means are yet to be multiplied by.</summary>
        public double MeanScale(int c) => areWeighted ? inverseDeviation[c] : Scale(c);

        /// <summary>mean(dy).</summary>
        public double MeanGradient(int c) => sums[c] / count;

        /// <summary>mean(dy·x̂) / √(variance + ε).</summary>
        public double Slope(int c) => sums[Layout.PaddedChannels(channels) + c] / count * inverseDeviation[c] * inverseDeviation[c];
    }
}
