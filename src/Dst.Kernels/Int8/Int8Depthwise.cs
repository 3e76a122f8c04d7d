using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>A convolution of bytes in which each channel has one 8-bit filter of its own.</summary>
public sealed unsafe class Int8Depthwise
{
    /// <summary>Pixels whose sums are kept before they become bytes.</summary>
    private const int MostPixels = 16;

    private readonly SimdTier _tier;
    private readonly WindowShape _shape;
    private readonly Int8Result _result;
    private readonly int _paddedRows;
    private readonly int _paddedColumns;
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
        _paddedRows = (shape.OutHeight - 1) * shape.Stride + shape.KernelHeight;
        _paddedColumns = (shape.OutWidth - 1) * shape.StrideWidth + shape.KernelWidth;
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

    /// <summary>32-bit elements of scratch memory: the sums of some pixels, and a padded map of sixteen channels.</summary>
    public long ScratchLength => MostPixels * Layout.Block + (long)_paddedRows * _paddedColumns * Layout.Block / sizeof(int);

    /// <summary>Blocks of sixteen channels, which can be computed apart.</summary>
    public int Blocks => _shape.Blocks;

    /// <summary>Computes some blocks of channels of one image.</summary>
    /// <param name="x">[C/16, H, W, 16].</param>
    /// <param name="residual">Bytes that are added, in the layout of the output; null for none.</param>
    /// <param name="y">[C/16, OutHeight, OutWidth, 16]: bytes, or floats if the result says so.</param>
    /// <param name="first">The first block.</param>
    /// <param name="end">The block behind the last.</param>
    /// <param name="scratch">Scratch memory.</param>
    public void Forward(byte* x, byte* residual, void* y, int first, int end, int* scratch)
    {
        if (_tier == SimdTier.Scalar) Reference(x, residual, y, first, end);
        else IntKernelRunner.Run(_tier, new Kernel(this, x, residual, y, first, end, scratch));
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

    private readonly struct Kernel(Int8Depthwise layer, byte* x, byte* residual, void* y, int first, int end, int* scratch) : IIntKernel
    {
        /// <summary>Pixels whose sums are in registers together.</summary>
        private const int Together = 4;

        private readonly WindowShape _shape = layer._shape;
        private readonly byte* _padded = (byte*)(scratch + MostPixels * Layout.Block);
        private readonly nint _rowPitch = layer._paddedColumns * Layout.Block;

        public void Run<T>() where T : unmanaged, IIntLanes<T>
        {
            var (shape, pixelPitch) = (_shape, (nint)_shape.StrideWidth * Layout.Block);
            for (var block = first; block < end; block++)
            {
                Pad(x + (long)block * shape.InputPlane);
                var weights = layer._packed.Pointer + (long)block * shape.Area * Layout.Block;
                var (result, index) = (layer._result.OfBlock(block), (long)block * shape.OutputPlane);
                for (var row = 0; row < shape.OutHeight; row++)
                {
                    var source = _padded + row * shape.Stride * _rowPitch;
                    for (int column = 0, pixels; column < shape.OutWidth; column += pixels, index += pixels * Layout.Block)
                    {
                        pixels = Math.Min(MostPixels, shape.OutWidth - column);
                        Sum<T>(weights, source + column * pixelPitch, pixels);
                        result.StoreTile<T>(scratch, pixels, rows: 1, pixels, residual, y, index, pitch: 0);
                    }
                }
            }
        }

        /// <summary>Copies the map of a block, with its padding around it.</summary>
        private void Pad(byte* plane)
        {
            new Span<byte>(_padded, layer._paddedRows * (int)_rowPitch).Fill(layer._padding);
            var (top, left) = (_shape.Sides.Top, _shape.Sides.Left);
            var rows = Math.Min(_shape.Height, layer._paddedRows - top);
            var columns = Math.Min(_shape.Width, layer._paddedColumns - left);
            if (columns <= 0) return;
            for (var row = 0; row < rows; row++)
                Unsafe.CopyBlockUnaligned(
                    _padded + (top + row) * _rowPitch + left * Layout.Block, plane + (nint)row * _shape.Width * Layout.Block,
                    (uint)(columns * Layout.Block));
        }

        /// <summary>The sums of neighbouring pixels.</summary>
        private void Sum<T>(int* weights, byte* source, int pixels) where T : unmanaged, IIntLanes<T>
        {
            var pitch = (nint)_shape.StrideWidth * Layout.Block;
            var pixel = 0;
            for (; T.Pixels >= Together && pixel <= pixels - Together; pixel += Together)
                SumFour<T>(weights, source + pixel * pitch, pitch, scratch + pixel * Layout.Block);
            for (; pixel < pixels; pixel++) SumOne<T>(weights, source + pixel * pitch, scratch + pixel * Layout.Block);
        }

        // The upper halves of bytes are 0, so that a product of pairs is one of bytes.
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private void SumFour<T>(int* weights, byte* source, nint pitch, int* sums) where T : unmanaged, IIntLanes<T>
        {
            T a = T.Zero, b = T.Zero, c = T.Zero, d = T.Zero;
            var (kernelHeight, kernelWidth, rowPitch) = (_shape.KernelHeight, _shape.KernelWidth, _rowPitch);
            for (var ky = 0; ky < kernelHeight; ky++, source += rowPitch)
            {
                var tap = source;
                for (var kx = 0; kx < kernelWidth; kx++, tap += Layout.Block, weights += Layout.Block)
                {
                    var w = T.Load(weights);
                    a = T.MultiplyAdd(w, T.Bytes(tap), a);
                    b = T.MultiplyAdd(w, T.Bytes(tap + pitch), b);
                    c = T.MultiplyAdd(w, T.Bytes(tap + 2 * pitch), c);
                    d = T.MultiplyAdd(w, T.Bytes(tap + 3 * pitch), d);
                }
            }

            T.Store(sums, a);
            T.Store(sums + Layout.Block, b);
            T.Store(sums + 2 * Layout.Block, c);
            T.Store(sums + 3 * Layout.Block, d);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private void SumOne<T>(int* weights, byte* source, int* sums) where T : unmanaged, IIntLanes<T>
        {
            var sum = T.Zero;
            var (kernelHeight, kernelWidth, rowPitch) = (_shape.KernelHeight, _shape.KernelWidth, _rowPitch);
            for (var ky = 0; ky < kernelHeight; ky++, source += rowPitch)
            {
                var tap = source;
                for (var kx = 0; kx < kernelWidth; kx++, tap += Layout.Block, weights += Layout.Block)
                    sum = T.MultiplyAdd(T.Load(weights), T.Bytes(tap), sum);
            }

            T.Store(sums, sum);
        }
    }
}
