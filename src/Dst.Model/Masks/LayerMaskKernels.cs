using Dst.Kernels;

namespace Dst.Masks;

/// <summary>Masks as kernels take them.</summary>
/// <seealso cref="LayerMask"/>
public static class LayerMaskKernels
{
    /// <summary>
    /// The kept positions of the flattened weight row of each block of filters. Wider blocks than the layout's become several that keep the
    /// same.
    /// </summary>
    public static KeptTaps ToKeptTaps(this LayerMask mask)
    {
        var row = mask.WeightShape[1] * mask.WeightShape[2] * mask.WeightShape[3];
        var block = Math.Min(mask.Block, Layout.Block);
        var positions = new int[(mask.WeightShape[0] + block - 1) / block][];
        for (var i = 0; i < positions.Length; i++)
            positions[i] = [.. Enumerable.Range(0, row).Where(position => mask.Keeps(i * block, position))];
        return new(block, positions) { FinalShare = mask.Pattern?.Share ?? 1 };
    }
}
