using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// A transposed convolution with weights [O, I, Kh, Kw]. It is the backward-data pass of a convolution that leads the other way, its
/// mirror, so all three passes are those of the mirror's <see cref="DirectConvolution"/>. Computing allocates nothing and may run on many
/// threads; packing is for one thread at a time.
/// </summary>
/// <param name="tier">Vector width.</param>
/// <param name="mirror">The convolution from its output to its input, of one group.</param>
public sealed unsafe class TransposedConvolution(SimdTier tier, Conv2dShape mirror)
{
    private readonly DirectConvolution _mirror = new(tier, mirror);
    private readonly float[] _exchanged = new float[mirror.WeightCount]; // weights [I, O, Kh, Kw]
    private readonly float[] _noBias = GC.AllocateArray<float>(Layout.PaddedChannels(mirror.Filters), pinned: true);

    /// <summary>The convolution from its output to its input.</summary>
    public Conv2dShape Mirror => mirror;

    /// <summary>Floats of the packed weights of the forward pass.</summary>
    public int WeightLength => _mirror.BackwardDataWeightLength;

    /// <summary>Floats of the packed weights of the backward-data pass.</summary>
    public int BackwardDataWeightLength => _mirror.WeightLength;

    /// <summary>Floats of the packed weight gradient.</summary>
    public int WeightGradientLength => _mirror.WeightGradientLength;

    /// <summary>Floats of scratch memory of any pass.</summary>
    public int ScratchLength => checked(FirstSum + mirror.OutputLength);

    /// <summary>Where in scratch memory a gradient lies that is added to another, behind what the mirror needs.</summary>
    private int FirstSum => Layout.WholeLines(_mirror.ScratchLength);

    /// <summary>Copies weights [A, B, area] as [B, A, area].</summary>
    /// <param name="weights">[A, B, area].</param>
    /// <param name="a">A.</param>
    /// <param name="b">B.</param>
    /// <param name="exchanged">[B, A, area]; another place than <paramref name="weights"/>.</param>
    public static void ExchangeChannels(ReadOnlySpan<float> weights, int a, int b, Span<float> exchanged)
    {
        var area = weights.Length / (a * b);
        for (var i = 0; i < a * b; i++) weights.Slice(i * area, area).CopyTo(exchanged[((i % b * a + i / b) * area)..]);
    }

    /// <summary>Packs weights [O, I, Kh, Kw] for <see cref="Forward"/>.</summary>
    public void PackWeights(ReadOnlySpan<float> weights, Span<float> packed)
    {
        ExchangeChannels(weights, mirror.Channels, mirror.Filters, _exchanged);
        _mirror.PackBackwardDataWeights(_exchanged, packed);
    }

    /// <summary>Packs weights [O, I, Kh, Kw] for <see cref="BackwardData"/>.</summary>
    public void PackBackwardDataWeights(ReadOnlySpan<float> weights, Span<float> packed)
    {
        ExchangeChannels(weights, mirror.Channels, mirror.Filters, _exchanged);
        _mirror.PackWeights(_exchanged, packed);
    }

    /// <summary>Writes the packed gradient of all weights to the plain gradient [O, I, Kh, Kw].</summary>
    public void UnpackWeightGradient(ReadOnlySpan<float> packed, Span<float> gradient)
    {
        for (var block = 0; block < mirror.FilterBlocks; block++) _mirror.UnpackWeightGradient(block, packed, _exchanged);
        ExchangeChannels(_exchanged, mirror.Filters, mirror.Channels, gradient);
    }

    /// <summary>The transposed convolution and what follows it.</summary>
    /// <param name="images">Number of images.</param>
    /// <param name="x">Input [N, I/16, H, W, 16].</param>
    /// <param name="weights">Packed by <see cref="PackWeights"/>.</param>
    /// <param name="epilogue">Its residual must not lie in the place of the output.</param>
    /// <param name="y">Output [N, O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void Forward(int images, float* x, float* weights, Epilogue epilogue, float* y, float* scratch)
    {
        _mirror.BackwardData(images, x, weights, y, scratch, accumulate: false);
        epilogue.Apply(tier, y, images, mirror.ChannelBlocks, mirror.Height * mirror.Width);
    }

    /// <summary>Computes the gradient of the input, or adds to it with <paramref name="accumulate"/>.</summary>
    /// <param name="images">Number of images.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="weights">Packed by <see cref="PackBackwardDataWeights"/>.</param>
    /// <param name="dx">Gradient of the input.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    /// <param name="accumulate">Whether to add to <paramref name="dx"/>.</param>
    public void BackwardData(int images, float* dy, float* weights, float* dx, float* scratch, bool accumulate)
    {
        fixed (float* noBias = _noBias)
        {
            if (!accumulate) _mirror.Forward(images, dy, weights, noBias, dx, scratch);
            for (var n = 0; accumulate && n < images; n++, dy += mirror.InputLength, dx += mirror.OutputLength)
            {
                _mirror.Forward(1, dy, weights, noBias, scratch + FirstSum, scratch);
                Elementwise.Accumulate(tier, scratch + FirstSum, mirror.OutputLength, dx);
            }
        }
    }

    /// <summary>Adds the gradient of all weights to a packed one.</summary>
    /// <param name="images">Number of images.</param>
    /// <param name="x">Input.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="gradient"><see cref="WeightGradientLength"/> floats, added to.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void BackwardWeight(int images, float* x, float* dy, float* gradient, float* scratch) =>
        _mirror.BackwardWeight(images, dy, x, 0, mirror.FilterBlocks, gradient, scratch);
}
