using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>A way to compute an <see cref="Int8Layer"/>. This is the one catalogue of them. All give the same bytes.</summary>
public sealed class Int8Form
{
    /// <summary>Time to transform a position of a tile, of sixteen channels, forth or back, in multiply-adds, from measurements.</summary>
    private const double TransformCost = 5;

    /// <summary>Fewer tiles or pixels take as long as so many, because the weights are read all the same.</summary>
    private const int FewestTiles = 4;

    /// <summary>Time by row over that of the other 2×2 form, from measurements: with tiles that go together, and with more.</summary>
    private const double RowCostOfFewTiles = 0.9;
    private const double RowCostOfMoreTiles = 1.3;

    private readonly int _tile; // outputs of a tile in each dimension; 1 is the direct form
    private readonly bool _isByRow; // weights are kept transformed in one dimension

    private Int8Form(string name, int tile, bool isByRow = false) => (Name, _tile, _isByRow) = (name, tile, isByRow);

    /// <summary>One multiply-add for each tap and output pixel.</summary>
    public static Int8Form Direct { get; } = new("int8", 1);

    /// <summary>
    /// Fewer products, of 16 bits, in the transform domain where a kernel is 3×3: 36 or 64 for 144, or 81 with stride 2 (4×4 alone).
    /// </summary>
    public static IReadOnlyList<Int8Form> Winograd { get; } =
    [
        new("int8 winograd4x4", Int8Points6.Tile),
        new("int8 winograd2x2", Int8Points4.Tile),
        new("int8 winograd2x2 by row", Int8Points4.Tile, isByRow: true),
    ];

    /// <summary>The catalogue; each layer has the first form.</summary>
    public static IReadOnlyList<Int8Form> All { get; } = [Direct, .. Winograd];

    /// <summary>Its name in plans and their cache.</summary>
    public string Name { get; }

    /// <summary>
    /// Whether this form can compute a layer. In a Winograd form 255·Σ|q| of each filter must be below 2^25 (4×4 of stride 1) or 2^29: it
    /// finds the sum modulo 2^26 or 2^30.
    /// </summary>
    public bool Supports(SimdTier tier, Int8Layer layer)
    {
        if (_tile == 1) return true;
        var shape = layer.Shape;
        if (tier == SimdTier.Scalar || (shape.KernelHeight, shape.KernelWidth) != (Int8Winograd.Side, Int8Winograd.Side)) return false;
        int? shift = (_tile, shape.Stride) switch
        {
            (4, 1) => Int8Points6.ShiftOf(0),
            (4, 2) => Int8Points9.ShiftOf(0),
            (2, 1) => Int8Points4.ShiftOf(0),
            _ => null,
        };
        if (shift is not { } bits || (_isByRow && tier != SimdTier.V512)) return false;
        var most = (1L << (31 - 2 * bits)) / byte.MaxValue;
        return layer.Weights.Chunk(shape.RowLength).All(filter => filter.Sum(weight => (long)Math.Abs((int)weight)) <= most);
    }

    /// <summary>Estimated time of an image, in vector multiply-adds.</summary>
    public double CostOf(Int8Layer layer)
    {
        var shape = layer.Shape;
        if (_tile == 1)
        {
            var kept = layer.Kept?.UnionOverLanes().Average(taps => (double)taps.Length) / shape.RowLength ?? 1;
            return kept * shape.FilterBlocks * shape.RowLength / 2.0 * Math.Max(shape.OutHeight * shape.OutWidth, FewestTiles);
        }

        var tiling = new Int8WinogradTiles(_tile, layer);
        var pairs = Int8Winograd.ChannelsOf(layer).Sum(channels => channels.Length) / 2.0;
        var share = !_isByRow ? 1 : tiling.Count <= Int8RowWinograd.Tiles ? RowCostOfFewTiles : RowCostOfMoreTiles;
        return share * tiling.Positions
            * (pairs * Math.Max(tiling.Count, FewestTiles) + TransformCost * tiling.Count * (shape.ChannelBlocks + shape.FilterBlocks));
    }

    /// <summary>The layer in this form, with packed weights.</summary>
    public Int8Convolution Create(SimdTier tier, Int8Layer layer) =>
        _tile == 1 ? new Int8DirectConvolution(tier, layer)
        : _isByRow ? new Int8RowWinograd(layer)
        : new Int8Winograd(tier, _tile, layer);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
