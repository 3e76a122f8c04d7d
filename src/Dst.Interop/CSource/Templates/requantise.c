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

$INLINE uint8_t $requantise(const $requantisation *q, int channel, int32_t sum, int residual)
{
    const int i = q->count == 1 ? 0 : channel;
    const int64_t added = (int64_t)residual * q->residual_factor * ((int64_t)1 << q->residual_shift);
    const int64_t total = (int64_t)sum * q->multipliers[i] + added + q->offsets[i];
    /* a shift of a number below 0 rounds down on every machine if it is done on its complement */
    const int value = (int)(total >= 0 ? total >> q->shift : -1 - ((-1 - total) >> q->shift));
    return (uint8_t)(value < q->low ? q->low : value > q->high ? q->high : value);
}
