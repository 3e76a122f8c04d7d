using Dst.Kernels;

namespace Dst.Masks;

/// <summary>Masks as kernels take them.</summary>
/// <seealso cref="LayerMask"/>
public static class LayerMaskKernels
{
    /// <summary>The kept positions of the flattened weight row of each block of filters.</summary>
    public static KeptTaps ToKeptTaps(this LayerMask mask)
    {
        var row = mask.WeightShape[1] * mask.WeightShape[2] * mask.WeightShape[3];
        var positions = new int[mask.Blocks][];
        for (var block = 0; block < mask.Blocks; block++)
            positions[block] = [.. Enumerable.Range(0, row).Where(position => mask.Keeps(block * mask.Block, position))];
        return new(mask.Block, positions) { FinalShare = mask.Pattern?.Share ?? 1 };
    }
}
