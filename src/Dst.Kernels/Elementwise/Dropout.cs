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
    public static void Apply(float* source, long length, long firstElement, ulong key, float rate, float* destination, bool accumulate) =>
        Run(source, length, firstElement, new(key, rate, 1 / (1 - rate), 0), destination, accumulate);

    /// <summary>y = x where the mask keeps it, without a scale, and <paramref name="dropped"/> elsewhere.</summary>
    /// <param name="source">x, blocked.</param>
    /// <param name="length">Floats, a multiple of 16.</param>
    /// <param name="firstElement">Index of the first float in the blocked batch, a multiple of 16.</param>
    /// <param name="key">Random bits of this layer and step.</param>
    /// <param name="rate">Probability of <paramref name="dropped"/>, from 0 up to but not including 1; exact to 1/65536.</param>
    /// <param name="dropped">What takes the place of a dropped element.</param>
    /// <param name="destination">y; may be <paramref name="source"/>.</param>
    public static void Replace(
        float* source, long length, long firstElement, ulong key, float rate, float dropped, float* destination) =>
        Run(source, length, firstElement, new(key, rate, 1, dropped), destination, accumulate: false);

    private static void Run(float* source, long length, long firstElement, Mask mask, float* destination, bool accumulate)
    {
        if (length < 0 || length % Layout.Block != 0)
            throw new ArgumentException($"{length} floats; a multiple of {Layout.Block} was expected", nameof(length));
        if (firstElement < 0 || firstElement % Layout.Block != 0)
            throw new ArgumentException(Invariant($"{firstElement}; a multiple of {Layout.Block} was expected"), nameof(firstElement));
        if (!(mask.Rate >= 0 && mask.Rate < 1))
            throw new ArgumentOutOfRangeException(nameof(mask), mask.Rate, "expected 0 up to but not including 1");
        var threshold = (int)MathF.Round(mask.Rate * (1 << HashBits));
        var dropped = BitConverter.SingleToInt32Bits(mask.Dropped);
        var origin = SplitMix64.Hash(mask.Key) + (ulong)firstElement;
        for (var i = 0L; i < length; i += ElementsPerHash)
        {
            var bits = SplitMix64.Hash(origin + (ulong)i);
            for (var j = i; j < i + ElementsPerHash; j++, bits >>= HashBits)
            {
                var value = KeepIf((ushort)bits, threshold, source[j] * mask.Scale, dropped);
                destination[j] = accumulate ? destination[j] + value : value;
            }
        }
    }

    /// <summary>value if random ≥ threshold, else the bits of dropped, without a branch that no processor could predict.</summary>
    private static float KeepIf(int random, int threshold, float value, int dropped)
    {
        var isDropped = (random - threshold) >> 31;
        return BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(value) & ~isDropped) | (dropped & isDropped));
    }

    /// <summary>What is kept, by which factor, and what takes the place of the rest.</summary>
    private readonly record struct Mask(ulong Key, float Rate, float Scale, float Dropped);
}
