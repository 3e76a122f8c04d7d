using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>Weights to spectra, and their gradient back.</content>
public sealed unsafe partial class FftConvolution
{
    /// <summary>U = s·F̄w of one block of 16 filters, for <see cref="Multiply"/>. Blocks may be packed by different threads.</summary>
    /// <param name="block">Block of filters.</param>
    /// <param name="weights">[O, C, Kh, Kw].</param>
    /// <param name="u"><see cref="WeightLength"/> floats.</param>
    public void PackWeights(int block, ReadOnlySpan<float> weights, float* u)
    {
        Check.Length(weights, Shape.WeightCount);
        fixed (float* w = weights) KernelRunner.RunOnVectors(_tier, new PackKernel(this, block, w, u));
    }

    /// <summary>A block of s·Fw for <see cref="MultiplyTransposed"/>. Blocks may be packed by different threads.</summary>
    /// <param name="block">Below <see cref="BackwardDataBlocks"/>.</param>
    /// <param name="weights">[O, C, Kh, Kw].</param>
    /// <param name="u"><see cref="BackwardDataWeightLength"/> floats.</param>
    public void PackBackwardDataWeights(int block, ReadOnlySpan<float> weights, float* u)
    {
        Check.Length(weights, Shape.WeightCount);
        fixed (float* w = weights) KernelRunner.RunOnVectors(_tier, new PackBackwardDataKernel(this, block, w, u));
    }

    /// <summary>
    /// dw = Fᵀ(s·conjugate of dU) of one block of 16 filters, written to its place in the canonical gradient; taps that are not kept become
    /// zero.
    /// </summary>
    /// <param name="block">Block of filters.</param>
    /// <param name="du">Of <see cref="MultiplyForWeightGradient"/>.</param>
    /// <param name="gradient">[O, C, Kh, Kw].</param>
    public void UnpackWeightGradient(int block, float* du, Span<float> gradient)
    {
        Check.Length<float>(gradient, Shape.WeightCount);
        gradient.Slice(block * Layout.Block * Shape.RowLength, FiltersOf(block) * Shape.RowLength).Clear();
        fixed (float* g = gradient) KernelRunner.RunOnVectors(_tier, new UnpackKernel(this, block, du, g));
    }

    private void Pack<T>(int block, float* weights, float* u) where T : unmanaged, ILanes<T>
    {
        using var kernels = new KernelSpectrum(_spectrum, Shape.KernelHeight, Shape.KernelWidth);
        var filters = FiltersOf(block);
        for (var i = _kept.First(block); i < _kept.First(block + 1); i++)
        {
            kernels.Gather(weights + FirstTap(block, i), filters, Shape.RowLength);
            kernels.Transform<T>(u + WeightOffset(0, i), WeightOffset(1, 0), conjugate: true);
        }
    }

    private void PackBackwardData<T>(int block, float* weights, float* u) where T : unmanaged, ILanes<T>
    {
        using var kernels = new KernelSpectrum(_spectrum, Shape.KernelHeight, Shape.KernelWidth);
        var channels = stackalloc int[Layout.Block];
        for (var filter = 0; filter < Shape.Filters; filter++)
        {
            var kept = _channelPairs is null
                ? AllChannels(block, new(channels, Layout.Block))
                : _channelPairs.Channels(block, filter / Layout.Block);
            kernels.Clear();
            for (var lane = 0; lane < kept.Length; lane++)
                kernels.GatherLane(weights + (nint)filter * Shape.RowLength + kept[lane] * Area, lane);
            kernels.Transform<T>(
                u + ((nint)block * Shape.Filters + filter) * WeightParts, (nint)TransposedVectors * WeightParts, conjugate: false);
        }
    }

    /// <summary>The channels of a block, written to <paramref name="channels"/>.</summary>
    private ReadOnlySpan<int> AllChannels(int block, Span<int> channels)
    {
        var count = Layout.UsedLanes(Shape.Channels, block);
        for (var lane = 0; lane < count; lane++) channels[lane] = block * Layout.Block + lane;
        return channels[..count];
    }

    private void Unpack<T>(int block, float* du, float* gradient) where T : unmanaged, ILanes<T>
    {
        using var kernels = new KernelSpectrum(_spectrum, Shape.KernelHeight, Shape.KernelWidth);
        var filters = FiltersOf(block);
        for (var i = _kept.First(block); i < _kept.First(block + 1); i++)
        {
            kernels.TransformBack<T>(du + WeightOffset(0, i), WeightOffset(1, 0));
            kernels.Scatter(TapsOf(block, _kept.Units[i]), gradient + FirstTap(block, i), filters, Shape.RowLength);
        }
    }

    /// <summary>Where a kept kernel begins in the weights of the first filter of a block.</summary>
    private nint FirstTap(int block, int unit) => (nint)block * Layout.Block * Shape.RowLength + _kept.Units[unit] * Area;

    /// <summary>The taps that any of 16 filters keeps of a channel.</summary>
    private IEnumerable<int> TapsOf(int block, int channel) => _keptTaps is null
        ? Enumerable.Range(0, Area)
        : _keptTaps[block].Where(position => position / Area == channel).Select(position => position % Area);

    private readonly struct PackKernel(FftConvolution conv, int block, float* weights, float* u) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.Pack<T>(block, weights, u);
    }

    private readonly struct PackBackwardDataKernel(FftConvolution conv, int block, float* weights, float* u) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.PackBackwardData<T>(block, weights, u);
    }

    private readonly struct UnpackKernel(FftConvolution conv, int block, float* du, float* gradient) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.Unpack<T>(block, du, gradient);
    }
}
