/*
 * 8-bit integers: a number is scale * (byte - zero), and a sum of products is exact. docs/method.md of DST, "8-bit integers", says how a
 * sum becomes a byte: all but `shift` and the bounds is one entry for each channel, or one for all.
 */
typedef struct {
    const int32_t *multipliers;
    const int64_t *offsets;
    int count;               /* entries */
    int shift;               /* bits that are dropped, 32 or more */
    int32_t residual_factor; /* of a byte that is added, times 2^residual_shift */
    int residual_shift, low, high;
} $requantisation;

/* The upper half of 64 bits. Compilers know that a shift rounds down, or -1 - x does it for a number below 0. */
$INLINE int32_t $upper_half(int64_t x)
{
    return (int32_t)((-1 >> 1) == -1 || x >= 0 ? x >> 32 : -1 - ((-1 - x) >> 32));
}

$INLINE int32_t $shift_down(int32_t x, int bits) { return (-1 >> 1) == -1 || x >= 0 ? x >> bits : -1 - ((-1 - x) >> bits); }

/* What a byte adds to the product of a sum. */
$INLINE int64_t $added(const $requantisation *q, int residual)
{
    return (int64_t)residual * q->residual_factor * ((int64_t)1 << q->residual_shift);
}

/* The byte of a sum of entry i. */
$INLINE uint8_t $requantise(const $requantisation *q, int i, int32_t sum, int64_t added)
{
    const int32_t value = $shift_down($upper_half((int64_t)sum * q->multipliers[i] + added + q->offsets[i]), q->shift - 32);
    return (uint8_t)(value < q->low ? q->low : value > q->high ? q->high : value);
}
