namespace Dst.Kernels;

/// <summary>A convolution of bytes with 8-bit weights, of one group, and what becomes of its sums.</summary>
/// <param name="Shape">Sizes, of one group.</param>
/// <param name="Kept">The taps that are read, or null for all. Other weights are 0.</param>
/// <param name="Weights">[O, C, Kh, Kw].</param>
/// <param name="Padding">The byte around the map.</param>
/// <param name="Result">What becomes of the sums.</param>
/// <param name="Pools">
/// Whether only the largest byte of each 2×2 pixels is kept. Then the output has even sides, <see cref="Int8Result.KeepsOrder"/> holds, and
/// there is no residual.
/// </param>
public sealed record Int8Layer(
    Conv2dShape Shape, KeptTaps? Kept, sbyte[] Weights, byte Padding, Int8Result Result, bool Pools = false);

/// <summary>
/// An <see cref="Int8Layer"/> in one form, with packed weights. Sums are exact 32-bit integers, so that every form and every tier gives the
/// same. Maps of bytes are blocked as those of floats: [C/16, H, W, 16].
/// </summary>
public abstract unsafe class Int8Convolution
{
    private protected Int8Convolution(Int8Layer layer)
    {
        layer.Shape.Validate();
        layer.Kept?.Validate(layer.Shape);
        Check.Length<sbyte>(layer.Weights, layer.Shape.WeightCount);
        if (layer.Pools && (layer.Shape.OutHeight % 2 > 0 || layer.Shape.OutWidth % 2 > 0 || !layer.Result.KeepsOrder))
            throw new ArgumentException($"windows of 2×2 pixels do not cover {layer.Shape}, or a larger sum gives a smaller byte");
        Layer = layer;
    }

    /// <summary>Sizes, weights and result of the layer.</summary>
    public Int8Layer Layer { get; }

    /// <summary>Bytes of packed weights.</summary>
    public abstract long WeightBytes { get; }

    /// <summary>32-bit elements of scratch memory.</summary>
    public abstract long ScratchLength { get; }

    /// <summary>Blocks of sixteen filters, which can be computed apart.</summary>
    public int Blocks => Layer.Shape.FilterBlocks;

    /// <summary>Computes some blocks of filters of one image.</summary>
    /// <param name="x">[C/16, H, W, 16].</param>
    /// <param name="residual">Bytes that are added, in the layout of the output; null for none.</param>
    /// <param name="y">
    /// [O/16, OutHeight, OutWidth, 16]: bytes, or floats if the result says so; half as high and wide where the layer pools.
    /// </param>
    /// <param name="first">The first block.</param>
    /// <param name="end">The block behind the last.</param>
    /// <param name="scratch">Scratch memory.</param>
    public abstract void Forward(byte* x, byte* residual, void* y, int first, int end, int* scratch);
}
