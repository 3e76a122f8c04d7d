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
    }

    /// <summary>Bytes of packed weights.</summary>
    public long WeightBytes => _weights.Length;

    /// <summary>Computes one image.</summary>
    /// <param name="x">[C/16, H, W, 16].</param>
    /// <param name="residual">Bytes that are added, in the layout of the output; null for none.</param>
    /// <param name="y">[C/16, OutHeight, OutWidth, 16]: bytes, or floats if the result says so.</param>
    public void Forward(byte* x, byte* residual, void* y) => Reference(x, residual, y);

    /// <summary>The specification.</summary>
    private void Reference(byte* x, byte* residual, void* y)
    {
        for (var i = 0L; i < _shape.OutputLength(1); i++)
        {
            var channel = Layout.ChannelOf(i, _shape.Blocks, _shape.OutHeight * _shape.OutWidth);
            var sum = 0;
            for (var t = 0; channel < _shape.Channels && t < _shape.Area; t++)
                sum += _weights[channel * _shape.Area + t] * (_shape.InputOf(i, t) is >= 0 and var from ? x[from] : _padding);
            _result.Store(channel, sum, residual, y, i);
        }
    }
}
