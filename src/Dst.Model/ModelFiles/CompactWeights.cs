using Dst.Graph;
using Dst.Kernels;
using Dst.Masks;

namespace Dst.ModelFiles;

/// <summary>
/// The compact store of a pruned layer: its kept weights and one bit for each candidate of each block, without the zeros.
/// Values lie in the order [block of filters][kept position of the flattened I·Kh·Kw row][filter of the block].
/// Bits lie in the order of <see cref="LayerMask.Kept"/>, lowest bit of each byte first.
/// </summary>
internal static class CompactWeights
{
    private const int MaxPrunedWeights = 1 << 30;

    /// <summary>Reads the mask of one layer.</summary>
    /// <param name="file">The file; errors name it.</param>
    /// <param name="weight">The layer's weight.</param>
    /// <param name="pattern">Its pattern, or null if the mask is unstructured.</param>
    /// <param name="name">What errors call the mask.</param>
    /// <param name="readBits">Reads the bits of <see cref="PackBits"/>, given how many bytes they are.</param>
    /// <exception cref="InputException">The layer is too large, or the mask breaks its pattern.</exception>
    public static LayerMask ReadMask(
        MetadataStrings file, ParameterShape weight, UhpPattern? pattern, string name, Func<int, byte[]> readBits)
    {
        var weights = weight.Shape.Aggregate((Int128)1, (product, extent) => product * extent);
        if (weights > MaxPrunedWeights)
            throw file.Malformed($"layer '{weight.Layer}' has {weights} weights; a pruned layer has at most {MaxPrunedWeights}");

        var block = pattern?.Block ?? 1;
        var blocks = Layout.CeilDiv(weight.Shape[0], block);
        var candidates = (int)weights / weight.Shape[0] / (pattern?.WeightsPerCandidate(weight.Shape) ?? 1);
        var count = blocks * candidates;
        var kept = UnpackBits(readBits(ByteCount(count)), count)
            ?? throw file.Malformed($"'{name}' has bits set behind its {count} candidates; 0 was expected");
        var mask = new LayerMask(weight.Shape, pattern, kept);
        return FindViolation(mask) is { } violation ? throw file.Malformed($"'{name}' {violation}") : mask;
    }

    /// <summary>Bytes that the bits of <paramref name="count"/> candidates take.</summary>
    public static int ByteCount(int count) => (int)(((long)count + 7) / 8);

    /// <summary>One bit per entry; the bits left over in the last byte are 0.</summary>
    public static byte[] PackBits(bool[] kept)
    {
        var bits = new byte[ByteCount(kept.Length)];
        for (var i = 0; i < kept.Length; i++)
        {
            if (kept[i]) bits[i / 8] |= (byte)(1 << i % 8);
        }

        return bits;
    }

    /// <summary>The inverse of <see cref="PackBits"/>, or null if a bit that is left over is set.</summary>
    public static bool[]? UnpackBits(byte[] bits, int count)
    {
        var kept = new bool[count];
        for (var i = 0; i < count; i++) kept[i] = (bits[i / 8] >> i % 8 & 1) != 0;
        return count % 8 == 0 || bits[^1] >> count % 8 == 0 ? kept : null;
    }

    /// <summary>The kept values of <paramref name="weights"/> [O, I, Kh, Kw].</summary>
    public static T[] Gather<T>(LayerMask mask, T[] weights)
    {
        var values = new T[mask.KeptWeights];
        var i = 0;
        foreach (var index in KeptIndices(mask)) values[i++] = weights[index];
        return values;
    }

    /// <summary>The inverse of <see cref="Gather"/>: [O, I, Kh, Kw] with zeros where <paramref name="mask"/> prunes.</summary>
    public static T[] Scatter<T>(LayerMask mask, T[] values)
    {
        var weights = new T[mask.WeightShape.Aggregate(1, (product, extent) => checked(product * extent))];
        var i = 0;
        foreach (var index in KeptIndices(mask)) weights[index] = values[i++];
        return weights;
    }

    /// <summary>Whether every weight that <paramref name="mask"/> prunes is zero.</summary>
    public static bool IsApplied(LayerMask mask, float[] weights)
    {
        var row = mask.Candidates * mask.WeightsPerCandidate;
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] != 0 && !mask.Keeps(i / row, i % row)) return false;
        }

        return true;
    }

    /// <summary>
    /// How <paramref name="mask"/> breaks its own pattern (how many of each run are kept), or null if it does not. A layer without any
    /// weight computes nothing, and a small file of such masks would take much memory.
    /// </summary>
    public static string? FindViolation(LayerMask mask)
    {
        if (mask.Pattern is not { } pattern) return mask.Kept.Contains(true) ? null : "keeps no weight; at least one was expected";
        for (var block = 0; block < mask.Blocks; block++)
        {
            var row = mask.Kept.AsSpan(block * mask.Candidates, mask.Candidates);
            for (var start = 0; start < row.Length; start += pattern.Group)
            {
                var run = row[start..Math.Min(start + pattern.Group, row.Length)];
                var (kept, expected) = (run.Count(true), pattern.KeptOf(run.Length));
                if (kept != expected)
                    return $"keeps {kept} of the {run.Length} candidates from {start} on in block {block}; {expected} were expected";
            }
        }

        return null;
    }

    private static IEnumerable<int> KeptIndices(LayerMask mask)
    {
        var row = mask.Candidates * mask.WeightsPerCandidate;
        for (var first = 0; first < mask.WeightShape[0]; first += mask.Block)
        {
            var end = Math.Min(first + mask.Block, mask.WeightShape[0]);
            for (var position = 0; position < row; position++)
            {
                if (!mask.Keeps(first, position)) continue;
                for (var filter = first; filter < end; filter++) yield return filter * row + position;
            }
        }
    }
}
