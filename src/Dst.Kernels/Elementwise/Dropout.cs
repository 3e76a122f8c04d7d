namespace Dst.Kernels;

/// <summary>
/// Dropout (Srivastava et al. 2014), inverted: an element is zeroed with probability <c>rate</c>, else scaled by 1/(1 − rate).
/// A hash of a key and the element's index in the batch decides whether it is kept. So neither parts nor threads matter, and
/// the backward pass computes the forward pass's mask again. One implementation serves all tiers.
/// </summary>
public static unsafe class Dropout
{
    private const int ElementsPerHash = 4;
    private const int HashBits = 16;

    /// <summary>
    /// y = x · mask / (1 − rate). The backward pass is the same call on the gradients: dx = dy · mask / (1 − rate).
    /// </summary>
    /// <param name="source">x or dy, blocked.</param>
    /// <param name="length">Floats, a multiple of 16.</param>
    /// <param name="firstElement">Index of the first float in the blocked batch, a multiple of 16.</param>
    /// <param name="key">Random bits of this layer and step.</param>
    /// <param name="rate">Probability of zero, from 0 up to but not including 1; exact to 1/65536.</param>
    /// <param name="destination">y or dx; may be <paramref name="source"/>.</param>
    /// <param name="accumulate">Adds to <paramref name="destination"/> rather than overwrites it.</param>
    public static void Apply(float* source, long length, long firstElement, ulong key, float rate, float* destination, bool accumulate)
    {
        if (length < 0 || length % Layout.Block != 0)
            throw new ArgumentException($"{length} floats; a multiple of {Layout.Block} was expected", nameof(length));
        if (firstElement < 0 || firstElement % Layout.Block != 0)
            throw new ArgumentException($"{firstElement}; a multiple of {Layout.Block} was expected", nameof(firstElement));
        if (!(rate >= 0 && rate < 1)) throw new ArgumentOutOfRangeException(nameof(rate), rate, "expected 0 up to but not including 1");
        var threshold = (int)MathF.Round(rate * (1 << HashBits));
        var scale = 1 / (1 - rate);
        var origin = Hash(key) + (ulong)firstElement;
        for (var i = 0L; i < length; i += ElementsPerHash)
        {
            var bits = Hash(origin + (ulong)i);
            for (var j = i; j < i + ElementsPerHash; j++, bits >>= HashBits)
            {
                var value = KeepIf((ushort)bits, threshold, source[j] * scale);
                destination[j] = accumulate ? destination[j] + value : value;
            }
        }
    }

    /// <summary>value if random ≥ threshold, else 0, without a branch that no processor could predict.</summary>
    private static float KeepIf(int random, int threshold, float value) =>
        BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) & ~((random - threshold) >> 31));

    private static ulong Hash(ulong n) => SplitMix64.Mix(n * SplitMix64.GoldenGamma);
}
