using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// A convolution of bytes with 8-bit weights, dense or of kept taps, one group. Sums are exact 32-bit integers, so that every tier gives
/// the same. Maps of bytes are blocked as those of floats: [C/16, H, W, 16].
/// </summary>
public sealed unsafe class Int8Convolution
{
    private readonly SimdTier _tier;
    private readonly Conv2dShape _shape;
    private readonly Int8Result _result;
    private readonly byte _padding;
    private readonly sbyte[] _weights;

    /// <summary>Prepares a layer.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes, of one group.</param>
    /// <param name="weights">[O, C, Kh, Kw], zero where a mask prunes.</param>
    /// <param name="padding">The byte around the map.</param>
    /// <param name="result">What becomes of the sums.</param>
    public Int8Convolution(SimdTier tier, Conv2dShape shape, sbyte[] weights, byte padding, Int8Result result)
    {
        shape.Validate();
        Check.Length<sbyte>(weights, shape.Filters * shape.RowLength);
        (_tier, _shape, _weights, _padding, _result) = (tier, shape, weights, padding, result);
    }

    /// <summary>Bytes of packed weights.</summary>
    public long WeightBytes => _weights.Length;

    /// <summary>Computes one image.</summary>
    /// <param name="x">[C/16, H, W, 16].</param>
    /// <param name="residual">Bytes that are added, in the layout of the output; null for none.</param>
    /// <param name="y">[O/16, OutHeight, OutWidth, 16]: bytes, or floats if the result says so.</param>
    public void Forward(byte* x, byte* residual, void* y) => Reference(x, residual, y);

    /// <summary>The specification.</summary>
    private void Reference(byte* x, byte* residual, void* y)
    {
        var s = _shape;
        for (var i = 0L; i < s.OutputLength; i++)
        {
            var filter = Layout.ChannelOf(i, s.FilterBlocks, s.OutHeight * s.OutWidth);
            var pixel = (int)(i / Layout.Block % (s.OutHeight * s.OutWidth));
            var sum = 0;
            for (var t = 0; filter < s.Filters && t < s.RowLength; t++)
            {
                var (channel, row, column) = (t / (s.KernelHeight * s.KernelWidth), t / s.KernelWidth % s.KernelHeight, t % s.KernelWidth);
                var (iy, ix) = (pixel / s.OutWidth * s.Stride - s.Padding + row, pixel % s.OutWidth * s.Stride - s.Padding + column);
                var isInside = (uint)iy < (uint)s.Height && (uint)ix < (uint)s.Width;
                var place = ((long)channel / Layout.Block * s.Height * s.Width + (long)iy * s.Width + ix) * Layout.Block + channel % Layout.Block;
                sum += _weights[filter * s.RowLength + t] * (isInside ? x[place] : _padding);
            }

            _result.Store(filter, sum, residual, y, i);
        }
    }
}
