using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>Weights to the transform domain, and their gradient back.</content>
public sealed unsafe partial class WinogradConv2d
{
    private const int Area = 9;

    /// <summary>U = G g Gᵀ of one block of 16 filters, for <see cref="Multiply"/>. Blocks may be packed by different threads.</summary>
    /// <param name="block">Block of filters.</param>
    /// <param name="weights">[O, C, 3, 3].</param>
    /// <param name="u"><see cref="WeightLength"/> floats.</param>
    public void PackWeights(int block, ReadOnlySpan<float> weights, float* u)
    {
        CheckWeights(weights.Length);
        fixed (float* w = weights) KernelRunner.RunOnVectors(new PackKernel(this, block, w, u));
    }

    /// <summary>U of one block of 16 input channels, for <see cref="MultiplyTransposed"/>. Blocks may be packed by different threads.</summary>
    /// <param name="block">Block of input channels.</param>
    /// <param name="weights">[O, C, 3, 3].</param>
    /// <param name="u"><see cref="TransposedWeightLength"/> floats.</param>
    public void PackTransposedWeights(int block, ReadOnlySpan<float> weights, float* u)
    {
        CheckWeights(weights.Length);
        fixed (float* w = weights) KernelRunner.RunOnVectors(new PackTransposedKernel(this, block, w, u));
    }

    /// <summary>dg = Gᵀ dU G of one block of 16 filters, written to its place in the canonical gradient; kernels that are not kept become zero.</summary>
    /// <param name="block">Block of filters.</param>
    /// <param name="du"><see cref="WeightGradientLength"/> floats.</param>
    /// <param name="gradient">[O, C, 3, 3].</param>
    public void UnpackWeightGradient(int block, float* du, Span<float> gradient)
    {
        CheckWeights(gradient.Length);
        var filters = Math.Min(Layout.Block, Shape.Filters - block * Layout.Block);
        gradient.Slice(block * Layout.Block * Shape.RowLength, filters * Shape.RowLength).Clear();
        fixed (float* g = gradient) KernelRunner.RunOnVectors(new UnpackKernel(this, block, du, g));
    }

    /// <summary>Sets the gradient of U at one position to zero.</summary>
    public void ClearWeightGradient(int position, float* du) =>
        new Span<float>(du + (long)position * _gradientOffsets.Length * Layout.Block, _gradientOffsets.Length * Layout.Block).Clear();

    /// <summary>total += du for one block of 16 filters, at all positions.</summary>
    public void SumWeightGradient(int block, float* du, float* total)
    {
        var length = (long)(_gradientFirst[block + 1] - _gradientFirst[block]) * Layout.Block;
        for (var p = 0; p < Positions; p++)
        {
            var first = ((long)p * _gradientOffsets.Length + _gradientFirst[block]) * Layout.Block;
            Elementwise.Accumulate(du + first, length, total + first);
        }
    }

    private void CheckWeights(int length)
    {
        if (length != Shape.Filters * Shape.RowLength) throw new ArgumentException($"{length} weights; {Shape.Filters * Shape.RowLength} were expected");
    }

    private void Pack<T, TStep>(int block, float* weights, float* u) where T : unmanaged, ILanes<T> where TStep : IWinogradStep<T>
    {
        int first = _kept.First(block), end = _kept.First(block + 1), taps = _inputOffsets.Length;
        var filters = Math.Min(Layout.Block, Shape.Filters - block * Layout.Block);
        for (var i = first; i < end; i++)
        {
            var kernels = weights + ((long)block * Layout.Block * Shape.Channels + _kept.Channels[i]) * Area;
            TransformKernels<T, TStep>(kernels, Shape.RowLength, filters, u + (long)i * Layout.Block, (nint)taps * Layout.Block);
        }
    }

    private void PackTransposed<T, TStep>(int block, float* weights, float* u) where T : unmanaged, ILanes<T> where TStep : IWinogradStep<T>
    {
        var channels = Math.Min(Layout.Block, Shape.Channels - block * Layout.Block);
        for (var filter = 0; filter < Shape.Filters; filter++)
        {
            var kernels = weights + ((long)filter * Shape.Channels + block * Layout.Block) * Area;
            TransformKernels<T, TStep>(
                kernels, Area, channels, u + ((long)block * Shape.Filters + filter) * Layout.Block, (nint)Shape.ChannelBlocks * Shape.Filters * Layout.Block);
        }
    }

    /// <summary>G g Gᵀ of up to 16 kernels at once, one in each lane.</summary>
    private static void TransformKernels<T, TStep>(float* kernels, int kernelPitch, int count, float* destination, nint positionPitch)
        where T : unmanaged, ILanes<T>
        where TStep : IWinogradStep<T>
    {
        var lanes = stackalloc float[Area * Layout.Block];
        if (count < Layout.Block) new Span<float>(lanes, Area * Layout.Block).Clear();
        for (var lane = 0; lane < count; lane++)
        {
            for (var i = 0; i < Area; i++) lanes[i * Layout.Block + lane] = kernels[(long)lane * kernelPitch + i];
        }

        WinogradTransform.Apply<T, TStep>(new(lanes, 3 * Layout.Block, Layout.Block), new(destination, TStep.Out * positionPitch, positionPitch));
    }

    private void Unpack<T, TStep>(int block, float* du, float* gradient) where T : unmanaged, ILanes<T> where TStep : IWinogradStep<T>
    {
        var lanes = stackalloc float[Area * Layout.Block];
        var filters = Math.Min(Layout.Block, Shape.Filters - block * Layout.Block);
        nint positionPitch = _gradientOffsets.Length * Layout.Block;
        for (var i = _kept.First(block); i < _kept.First(block + 1); i++)
        {
            var source = du + (long)(_gradientFirst[block] + i - _kept.First(block)) * Layout.Block;
            WinogradTransform.Apply<T, TStep>(new(source, _window * positionPitch, positionPitch), new(lanes, 3 * Layout.Block, Layout.Block));
            var kernels = gradient + ((long)block * Layout.Block * Shape.Channels + _kept.Channels[i]) * Area;
            for (var lane = 0; lane < filters; lane++)
            {
                for (var k = 0; k < Area; k++) kernels[(long)lane * Shape.RowLength + k] = lanes[k * Layout.Block + lane];
            }
        }
    }

    private readonly struct PackKernel(WinogradConv2d conv, int block, float* weights, float* u) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T>
        {
            if (conv.Tile == 4) conv.Pack<T, Weight4<T>>(block, weights, u);
            else conv.Pack<T, Weight2<T>>(block, weights, u);
        }
    }

    private readonly struct PackTransposedKernel(WinogradConv2d conv, int block, float* weights, float* u) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T>
        {
            if (conv.Tile == 4) conv.PackTransposed<T, Weight4<T>>(block, weights, u);
            else conv.PackTransposed<T, Weight2<T>>(block, weights, u);
        }
    }

    private readonly struct UnpackKernel(WinogradConv2d conv, int block, float* du, float* gradient) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T>
        {
            if (conv.Tile == 4) conv.Unpack<T, WeightGradient4<T>>(block, du, gradient);
            else conv.Unpack<T, WeightGradient2<T>>(block, du, gradient);
        }
    }
}
