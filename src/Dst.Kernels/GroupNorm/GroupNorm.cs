using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Group normalisation of each image: y = weight[c]·(x − mean) / √(variance + epsilon) + bias[c], mean and biased variance over all pixels
/// of a group of neighbouring channels (Wu and He, "Group Normalization", 2018). With a group for each channel it is instance
/// normalisation (Ulyanov, Vedaldi, Lempitsky, "Instance Normalization", 2016), with one group layer normalisation over [C, H, W].
/// </summary>
/// <remarks>Each image is a batch of <see cref="BatchNorm"/> whose sums are added up over the channels of a group.</remarks>
public sealed unsafe class GroupNorm
{
    private readonly SimdTier _tier;
    private readonly int _channels;
    private readonly int _pixels;
    private readonly int _perGroup;
    private readonly float _epsilon;
    private readonly int _padded;

    /// <summary>A normalisation of maps of one shape.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="groups">Groups, which divide C.</param>
    /// <param name="epsilon">Above 0.</param>
    /// <exception cref="ArgumentException">A number of channels, pixels or groups is out of range.</exception>
    public GroupNorm(SimdTier tier, int channels, int pixels, int groups, float epsilon)
    {
        Check.Images(0, channels, pixels);
        if (groups < 1 || channels % groups != 0)
            throw new ArgumentException(Invariant($"{channels} channels are not {groups} equal groups"));
        (_tier, _channels, _pixels, _perGroup, _epsilon) = (tier, channels, pixels, channels / groups, epsilon);
        _padded = Layout.PaddedChannels(channels);
    }

    /// <summary>Floats of scratch memory: two rows of doubles and four of floats.</summary>
    public int ScratchLength => checked(8 * _padded);

    private long ImageLength => (long)_padded * _pixels;

    private long GroupCount => (long)_perGroup * _pixels;

    /// <summary>y from x.</summary>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images N.</param>
    /// <param name="weights">[C].</param>
    /// <param name="biases">[C].</param>
    /// <param name="relu">Whether y is its maximum with 0.</param>
    /// <param name="y">Same layout as x; may be <paramref name="x"/>.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats, 64-byte aligned.</param>
    public void Forward(
        float* x, int images, ReadOnlySpan<float> weights, ReadOnlySpan<float> biases, bool relu, float* y, float* scratch)
    {
        var rows = new Rows(scratch, _padded);
        for (var n = 0; n < images; n++, x += ImageLength, y += ImageLength)
        {
            FindStatistics(x, rows);
            BatchNorm.Fold(weights, biases, rows.Mean, rows.InverseDeviation, rows.Scale, rows.Shift);
            BatchNorm.Apply(_tier, x, rows.Scale, rows.Shift, 1, _channels, _pixels, relu, y);
        }
    }

    /// <summary>
    /// The gradients of the input, and of the weights and biases, which are added to their sums.
    /// <code>
    /// x̂ = (x − mean) / √(variance + epsilon)        g = weight·dy
    /// dx = (g − mean(g) − x̂·mean(g·x̂)) / √(variance + epsilon)        means over a group
    /// dweight += Σ dy·x̂        dbias += Σ dy
    /// </code>
    /// </summary>
    /// <param name="x">The forward pass's input.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="images">Images N.</param>
    /// <param name="weights">[C].</param>
    /// <param name="dx">Gradient of the input, or null if it is not needed.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    /// <param name="weightSums">Padded [C].</param>
    /// <param name="biasSums">Padded [C].</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats, 64-byte aligned.</param>
    public void Backward(
        float* x, float* dy, int images, ReadOnlySpan<float> weights, float* dx, bool accumulate,
        Span<double> weightSums, Span<double> biasSums, float* scratch)
    {
        var rows = new Rows(scratch, _padded);
        for (var n = 0; n < images; n++, x += ImageLength, dy += ImageLength)
        {
            FindStatistics(x, rows);
            var sums = rows.Sums;
            sums.Clear();
            BatchNorm.SumGradients(_tier, x, dy, rows.Mean, 1, _channels, _pixels, sums);
            for (var c = 0; c < _channels; c++)
            {
                biasSums[c] += sums[c];
                weightSums[c] += sums[_padded + c] * rows.InverseDeviation[c];
                sums[c] *= weights[c];
                sums[_padded + c] *= weights[c];
            }

            if (dx is null) continue;
            AddUpGroups(sums);
            fixed (double* s = sums)
            fixed (float* gamma = weights, mean = rows.Mean, inverse = rows.InverseDeviation)
            {
                var terms = new BatchNorm.ChannelTerms(gamma, mean, inverse, s, GroupCount, _channels, areWeighted: true);
                KernelRunner.Run(_tier, new BatchNormBackwardData(x, dy, terms, 1, _pixels, dx + n * ImageLength, accumulate));
            }
        }
    }

    /// <summary>Mean and 1 / √(variance + epsilon) of an image, for each channel those of its group.</summary>
    private void FindStatistics(float* x, in Rows rows)
    {
        var sums = rows.Sums;
        sums.Clear();
        BatchNorm.Sum(_tier, x, 1, _channels, _pixels, sums);
        AddUpGroups(sums);
        BatchNorm.Finalise(sums, GroupCount, _channels, _epsilon, rows.Mean, rows.InverseDeviation);
    }

    /// <summary>Puts the sum over its group in the place of each channel's sum, in both rows.</summary>
    private void AddUpGroups(Span<double> sums)
    {
        for (var first = 0; first < _channels; first += _perGroup)
        {
            AddUp(sums.Slice(first, _perGroup));
            AddUp(sums.Slice(_padded + first, _perGroup));
        }
    }

    private static void AddUp(Span<double> sums)
    {
        var total = 0.0;
        foreach (var sum in sums) total += sum;
        sums.Fill(total);
    }

    /// <summary>The rows of scratch memory.</summary>
    private readonly ref struct Rows(float* scratch, int padded)
    {
        public Span<double> Sums => new(scratch, 2 * padded);

        public Span<float> Mean => Row(4);

        public Span<float> InverseDeviation => Row(5);

        public Span<float> Scale => Row(6);

        public Span<float> Shift => Row(7);

        private Span<float> Row(int index) => new(scratch + (long)index * padded, padded);
    }
}
