using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>A way to compute an <see cref="Int8Layer"/>. This is the one catalogue of them. All give the same bytes.</summary>
public sealed class Int8Form
{
    /// <summary>Time to transform a tile of sixteen channels forth or back, in vector multiply-adds, from measurements.</summary>
    private const double TransformCost = 120;

    private readonly int _tile;

    private Int8Form(string name, int tile) => (Name, _tile) = (name, tile);

    /// <summary>One multiply-add for each tap and output pixel.</summary>
    public static Int8Form Direct { get; } = new("int8", 1);

    /// <summary>Fewer products, of 16 bits, in the transform domain: 36 or 64 for 144, where a kernel is 3×3 and the stride 1.</summary>
    public static IReadOnlyList<Int8Form> Winograd { get; } =
        [new("int8 winograd4x4", Int8Points6.Tile), new("int8 winograd2x2", Int8Points4.Tile)];

    /// <summary>The catalogue; each layer has the first form.</summary>
    public static IReadOnlyList<Int8Form> All { get; } = [Direct, .. Winograd];

    /// <summary>Its name in plans and their cache.</summary>
    public string Name { get; }

    /// <summary>Bits of a sum that the form loses.</summary>
    private int LostBits => 2 * (_tile == Int8Points6.Tile ? Int8Points6.ShiftOf(0) : Int8Points4.ShiftOf(0));

    /// <summary>
    /// Whether this form can compute a layer. In a Winograd form 255·Σ|q| of each filter must be below 2^25 (4×4) or 2^29 (2×2): it finds
    /// the sum modulo 2^26 or 2^30.
    /// </summary>
    public bool Supports(SimdTier tier, Int8Layer layer)
    {
        if (_tile == 1) return true;
        var (shape, most) = (layer.Shape, (1L << (31 - LostBits)) / byte.MaxValue);
        return tier != SimdTier.Scalar
            && (shape.KernelHeight, shape.KernelWidth, shape.Stride) == (Int8Winograd.Side, Int8Winograd.Side, 1)
            && layer.Weights.Chunk(shape.RowLength).All(filter => filter.Sum(weight => (long)Math.Abs((int)weight)) <= most);
    }

    /// <summary>Estimated time of an image, in vector multiply-adds.</summary>
    public double CostOf(Int8Layer layer)
    {
        var shape = layer.Shape;
        if (_tile == 1)
        {
            var share = layer.Kept?.UnionOverLanes().Average(taps => (double)taps.Length) / shape.RowLength ?? 1;
            return share * shape.FilterBlocks * shape.RowLength / 2.0 * Math.Max(shape.OutHeight * shape.OutWidth, 8);
        }

        var tiling = new Int8Tiling(_tile, shape);
        var pairs = Int8Winograd.ChannelsOf(layer).Sum(channels => channels.Length) / 2.0;
        return pairs * tiling.Positions * Math.Max(tiling.Count, 8)
            + TransformCost * tiling.Count * (shape.ChannelBlocks + shape.FilterBlocks);
    }

    /// <summary>The layer in this form, with packed weights.</summary>
    public Int8Convolution Create(SimdTier tier, Int8Layer layer) =>
        _tile == 1 ? new Int8DirectConvolution(tier, layer) : new Int8Winograd(tier, _tile, layer);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
