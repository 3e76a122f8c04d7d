using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>A convolution of bytes in which each channel has one 8-bit filter of its own.</summary>
public sealed unsafe class Int8Depthwise
{
    private readonly SimdTier _tier;
    private readonly WindowShape _shape;
    private readonly Int8Result _result;
    private readonly byte _padding;
    private readonly sbyte[] _weights;
    private readonly AlignedArray<int> _packed;

    /// <summary>Prepares a layer.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="weights">[C, 1, Kh, Kw].</param>
    /// <param name="padding">The byte around the map.</param>
    /// <param name="result">What becomes of the sums.</param>
    public Int8Depthwise(SimdTier tier, WindowShape shape, sbyte[] weights, byte padding, Int8Result result)
    {
        Check.Length<sbyte>(weights, shape.Channels * shape.Area);
        (_tier, _shape, _weights, _padding, _result) = (tier, shape, weights, padding, result);
        _packed = new(shape.Blocks * shape.Area * Layout.Block);
        var packed = _packed.Span;
        for (var i = 0; i < weights.Length; i++)
        {
            var (channel, tap) = (i / shape.Area, i % shape.Area);
            packed[(channel / Layout.Block * shape.Area + tap) * Layout.Block + channel % Layout.Block] = weights[i];
        }
    }

    /// <summary>Bytes of packed weights.</summary>
    public long WeightBytes => _packed.Length * sizeof(int);

    /// <summary>Blocks of sixteen channels, which can be computed apart.</summary>
    public int Blocks => _shape.Blocks;

    /// <summary>Computes some blocks of channels of one image.</summary>
    /// <param name="x">[C/16, H, W, 16].</param>
    /// <param name="residual">Bytes that are added, in the layout of the output; null for none.</param>
    /// <param name="y">[C/16, OutHeight, OutWidth, 16]: bytes, or floats if the result says so.</param>
    /// <param name="first">The first block.</param>
    /// <param name="end">The block behind the last.</param>
    public void Forward(byte* x, byte* residual, void* y, int first, int end)
    {
        if (_tier == SimdTier.Scalar) Reference(x, residual, y, first, end);
        else IntKernelRunner.Run(_tier, new Kernel(this, x, residual, y, first, end));
    }

    /// <summary>The specification.</summary>
    private void Reference(byte* x, byte* residual, void* y, int first, int end)
    {
        for (var i = (long)first * _shape.OutputPlane; i < (long)end * _shape.OutputPlane; i++)
        {
            var channel = Layout.ChannelOf(i, _shape.Blocks, _shape.OutHeight * _shape.OutWidth);
            var sum = 0;
            for (var t = 0; channel < _shape.Channels && t < _shape.Area; t++)
                sum += _weights[channel * _shape.Area + t] * (_shape.InputOf(i, t) is >= 0 and var from ? x[from] : _padding);
            _result.Store(channel, sum, residual, y, i);
        }
    }

    private readonly struct Kernel(Int8Depthwise layer, byte* x, byte* residual, void* y, int first, int end) : IIntKernel
    {
        public void Run<T>() where T : unmanaged, IIntLanes<T>
        {
            var s = layer._shape;
            for (var block = first; block < end; block++)
            {
                var weights = layer._packed.Pointer;
                var own = weights + (long)block * s.Area * Layout.Block;
                Block<T>(s, layer._result.OfBlock(block), own, layer._padding, x + (long)block * s.InputPlane, block);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private void Block<T>(WindowShape s, LaneResult result, int* weights, byte padding, byte* plane, int block)
            where T : unmanaged, IIntLanes<T>
        {
            var (index, outside, width) = ((long)block * s.OutputPlane, T.Broadcast(padding), s.Width);
            var (outHeight, outWidth, kernelHeight, kernelWidth) = (s.OutHeight, s.OutWidth, s.KernelHeight, s.KernelWidth);
            for (var row = 0; row < outHeight; row++)
            {
                for (var column = 0; column < outWidth; column++, index += Layout.Block)
                {
                    var (top, left) = (row * s.Stride - s.Sides.Top, column * s.StrideWidth - s.Sides.Left);
                    var sum = T.Zero;
                    var w = weights;
                    for (var ky = 0; ky < kernelHeight; ky++)
                    {
                        var isRow = (uint)(top + ky) < (uint)s.Height;
                        var source = plane + ((long)(top + ky) * width + left) * Layout.Block;
                        for (var kx = 0; kx < kernelWidth; kx++, w += Layout.Block, source += Layout.Block)
                        {
                            // The upper halves of bytes are 0, so that a product of pairs is one of bytes.
                            var value = isRow && (uint)(left + kx) < (uint)width ? T.Bytes(source) : outside;
                            sum = T.MultiplyAdd(value, T.Load(w), sum);
                        }
                    }

                    result.Store(sum, residual, y, index);
                }
            }
        }
    }
}
