using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Batch normalisation (Ioffe and Szegedy 2015) of blocked maps: x̂ = (x − mean) / √(variance + ε), y = γ·x̂ + β per channel.
/// </summary>
/// <remarks>
/// <para>A training step makes these calls in turn. The sums of all parts are added up in order before the next call:</para>
/// <para>forward: <see cref="Sum"/> of each part, <see cref="Finalise"/>, <see cref="UpdateRunning"/>,
/// <see cref="Fold"/>, <see cref="Apply"/> to each part;</para>
/// <para>backward: <see cref="SumGradients"/> of each part, <see cref="BackwardWeight"/>,
/// <see cref="BackwardData"/> of each part.</para>
/// <para>Inference is <see cref="FoldRunning"/> and <see cref="Apply"/>. "Padded" arrays have <see cref="Layout.PaddedChannels"/>
/// elements, zero beyond the channels; others have one for each channel.</para>
/// </remarks>
public static unsafe partial class BatchNorm
{
    /// <summary>Doubles in the sums of one part: two padded rows.</summary>
    public static int SumLength(int channels) => 2 * Layout.PaddedChannels(channels);

    /// <summary>Adds Σx and Σx² of each channel over a run of images to <paramref name="sums"/>.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="sums">[2, padded C], <see cref="SumLength"/>.</param>
    /// <exception cref="ArgumentException">A number of images, channels or pixels is out of range, or a length does not match.</exception>
    public static void Sum(SimdTier tier, float* x, int images, int channels, int pixels, Span<double> sums)
    {
        Check.Images(images, channels, pixels);
        Check.Length<double>(sums, SumLength(channels));
        fixed (double* s = sums) KernelRunner.Run(tier, new BatchNormSum(x, images, Layout.Blocks(channels), pixels, s));
    }

    /// <summary>Mean and 1 / √(variance + ε) of the batch, from its combined sums. The variance is the biased one.</summary>
    /// <param name="sums">Of <see cref="Sum"/>, combined.</param>
    /// <param name="count">Values of each channel, N · H · W.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="epsilon">ε above 0.</param>
    /// <param name="mean">Padded.</param>
    /// <param name="inverseDeviation">Padded.</param>
    public static void Finalise(
        ReadOnlySpan<double> sums, long count, int channels, float epsilon, Span<float> mean, Span<float> inverseDeviation)
    {
        CheckSums(sums, count, channels);
        CheckPadded(mean, channels);
        CheckPadded(inverseDeviation, channels);
        mean.Clear();
        inverseDeviation.Clear();
        for (var c = 0; c < channels; c++)
        {
            mean[c] = (float)(sums[c] / count);
            inverseDeviation[c] = (float)(1 / Math.Sqrt(Variance(sums, count, channels, c) + epsilon));
        }
    }

    /// <summary>running = (1 − momentum) · running + momentum · batch, with the unbiased variance as in PyTorch.</summary>
    /// <param name="sums">Of <see cref="Sum"/>, combined.</param>
    /// <param name="count">Values of each channel, N · H · W; the variance of a single value counts as 0.</param>
    /// <param name="momentum">Share of the new batch.</param>
    /// <param name="runningMean">[C].</param>
    /// <param name="runningVariance">[C].</param>
    /// <exception cref="ArgumentException">A length does not match.</exception>
    public static void UpdateRunning(
        ReadOnlySpan<double> sums, long count, float momentum, Span<float> runningMean, Span<float> runningVariance)
    {
        var channels = runningMean.Length;
        CheckSums(sums, count, channels);
        Check.Length<float>(runningVariance, channels);
        for (var c = 0; c < channels; c++)
        {
            var unbiased = Variance(sums, count, channels, c) * count / Math.Max(1, count - 1);
            runningMean[c] = (float)((1 - (double)momentum) * runningMean[c] + momentum * (sums[c] / count));
            runningVariance[c] = (float)((1 - (double)momentum) * runningVariance[c] + momentum * unbiased);
        }
    }

    /// <summary>y = γ·x̂ + β as y = x · scale + shift, for the statistics of a batch.</summary>
    /// <param name="gamma">γ [C].</param>
    /// <param name="beta">β [C].</param>
    /// <param name="mean">Padded.</param>
    /// <param name="inverseDeviation">Padded.</param>
    /// <param name="scale">Padded.</param>
    /// <param name="shift">Padded.</param>
    public static void Fold(
        ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, ReadOnlySpan<float> mean, ReadOnlySpan<float> inverseDeviation,
        Span<float> scale, Span<float> shift)
    {
        CheckPadded(mean, gamma.Length);
        CheckPadded(inverseDeviation, gamma.Length);
        ClearFolded(gamma, beta, scale, shift);
        for (var c = 0; c < gamma.Length; c++) (scale[c], shift[c]) = FoldChannel(gamma[c], beta[c], mean[c], inverseDeviation[c]);
    }

    /// <summary>y = γ·x̂ + β as y = x · scale + shift, for the running statistics.</summary>
    /// <param name="gamma">γ [C].</param>
    /// <param name="beta">β [C].</param>
    /// <param name="runningMean">[C].</param>
    /// <param name="runningVariance">[C].</param>
    /// <param name="epsilon">ε above 0.</param>
    /// <param name="scale">[C] or padded.</param>
    /// <param name="shift">[C] or padded.</param>
    /// <exception cref="ArgumentException">A length does not match.</exception>
    public static void FoldRunning(
        ReadOnlySpan<float> gamma,
        ReadOnlySpan<float> beta,
        ReadOnlySpan<float> runningMean,
        ReadOnlySpan<float> runningVariance,
        float epsilon,
        Span<float> scale,
        Span<float> shift)
    {
        Check.Length(runningMean, gamma.Length);
        Check.Length(runningVariance, gamma.Length);
        ClearFolded(gamma, beta, scale, shift);
        for (var c = 0; c < gamma.Length; c++)
            (scale[c], shift[c]) = FoldChannel(gamma[c], beta[c], runningMean[c], 1 / Math.Sqrt((double)runningVariance[c] + epsilon));
    }

    /// <summary>y = x · scale + shift, or max(·, 0) of that.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="scale">Padded.</param>
    /// <param name="shift">Padded.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="relu">Whether a ReLU follows.</param>
    /// <param name="y">[N, C/16, H, W, 16]; may be <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">A number of images, channels or pixels is out of range, or a length does not match.</exception>
    public static void Apply(
        SimdTier tier, float* x, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift,
        int images, int channels, int pixels, bool relu, float* y)
    {
        Check.Images(images, channels, pixels);
        CheckPadded(scale, channels);
        CheckPadded(shift, channels);
        var least = relu ? 0 : float.NegativeInfinity;
        fixed (float* a = scale, b = shift)
            KernelRunner.Run(tier, new BatchNormApply(x, a, b, images, Layout.Blocks(channels), pixels, least, y));
    }

    private static (float Scale, float Shift) FoldChannel(float gamma, float beta, double mean, double inverseDeviation)
    {
        var scale = gamma * inverseDeviation;
        return ((float)scale, (float)(beta - mean * scale));
    }

    private static double Variance(ReadOnlySpan<double> sums, long count, int channels, int channel)
    {
        var mean = sums[channel] / count;
        return Math.Max(0, sums[Layout.PaddedChannels(channels) + channel] / count - mean * mean);
    }

    private static void ClearFolded(ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, Span<float> scale, Span<float> shift)
    {
        Check.Length(beta, gamma.Length);
        if (scale.Length != gamma.Length) CheckPadded(scale, gamma.Length);
        if (shift.Length != gamma.Length) CheckPadded(shift, gamma.Length);
        scale.Clear();
        shift.Clear();
    }

    private static void CheckSums(ReadOnlySpan<double> sums, long count, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Check.Length(sums, SumLength(channels));
    }

    private static void CheckPadded(ReadOnlySpan<float> values, int channels) => Check.Length(values, Layout.PaddedChannels(channels));
}
