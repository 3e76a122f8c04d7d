/*
 * 2 filters are computed together at 4 pixels: as many sums as stay in the registers of a small core. What the pixels read is gathered
 * first, in pairs of taps, for all filters of a block. Cores with the DSP instructions multiply both values of a pair at once. Weights
 * lie in this order too, [pair of taps][pair of filters][tap][filter], so that one load takes four. Behind an odd tap are zeros.
 */
#define $BYTE_PIXELS 4
#define $GATHERED 128 /* taps at a time */
#if defined(__GNUC__) && !defined(__clang__)
#define $SUM_LOOP _Pragma("GCC unroll 8")
#else
#define $SUM_LOOP $LANE_LOOP
#endif

#if defined(__ARM_FEATURE_SIMD32) && !defined(__ARM_BIG_ENDIAN)
#include <arm_acle.h>
#include <string.h>

typedef int16x2_t $weight_pair;

/* The weights [tap][filter] of one or two filters at two taps. */
$INLINE void $load_weights(const int8_t *from, $weight_pair *w, const int lanes)
{
    if (lanes == 1) {
        w[0] = (int16x2_t)((uint32_t)(uint16_t)from[0] | (uint32_t)from[1] << 16);
    } else {
        uint32_t bytes;
        memcpy(&bytes, from, sizeof bytes);
        w[0] = __sxtb16((int8x4_t)bytes);
        w[1] = __sxtb16((int8x4_t)(bytes >> 8));
    }
}

$INLINE int32_t $add_products(int32_t sum, $weight_pair w, uint32_t x) { return __smlad(w, (int16x2_t)x, sum); }
#else
typedef struct {
    int32_t first, second;
} $weight_pair;

/* The weights [tap][filter] of one or two filters at two taps. */
$INLINE void $load_weights(const int8_t *from, $weight_pair *w, const int lanes)
{
    for (int l = 0; l < lanes; l++) {
        w[l].first = from[l];
        w[l].second = from[lanes + l];
    }
}

$INLINE int32_t $add_products(int32_t sum, $weight_pair w, uint32_t x)
{
    return sum + w.first * (int32_t)(x & 0xffffu) + w.second * (int32_t)(x >> 16);
}
#endif

/* What pixels read at taps: [pair of taps][pixel], the first of a pair in the lower half. */
$INLINE void $gather_pixels(const uint8_t *const *windows, const $tap *taps, int count, uint32_t *pairs, const int pixels)
{
    const uint8_t *from[$BYTE_PIXELS];
    for (int p = 0; p < pixels; p++) from[p] = windows[p];
    for (const $tap *const end = taps + count / 2 * 2; taps != end; taps += 2) {
        $SUM_LOOP
        for (int p = 0; p < pixels; p++) *pairs++ = from[p][taps[0]] | (uint32_t)from[p][taps[1]] << 16;
    }
    for (int p = 0; count % 2 != 0 && p < pixels; p++) *pairs++ = from[p][*taps];
}

$NOINLINE void $gather(const uint8_t *const *windows, int pixels, const $tap *taps, int count, uint32_t *pairs)
{
    if (pixels == $BYTE_PIXELS) $gather_pixels(windows, taps, count, pairs, $BYTE_PIXELS);
    else $gather_pixels(windows, taps, count, pairs, 1);
}

/*
 * The products of pairs of taps, added to sums [filter][pixel], or to zeros if these taps are the first. Each form is a function of its
 * own, in which lanes and pixels are constants: so the sums stay in registers.
 */
$INLINE void $add_taps(
    const int8_t *weights, int width, const uint32_t *x, int count, int is_first, int32_t *sums, const int lanes, const int pixels)
{
    int32_t s[2 * $BYTE_PIXELS]; /* [pixel][lane] */
    $SUM_LOOP
    for (int i = 0; i < lanes * pixels; i++) s[i] = is_first ? 0 : sums[i / lanes + i % lanes * pixels];
    for (const uint32_t *const end = x + count * pixels; x != end; x += pixels, weights += 2 * width) {
        $weight_pair w[2];
        $load_weights(weights, w, lanes);
        $SUM_LOOP
        for (int i = 0; i < lanes * pixels; i++) s[i] = $add_products(s[i], w[i % lanes], x[i / lanes]);
    }
    $SUM_LOOP
    for (int i = 0; i < lanes * pixels; i++) sums[i / lanes + i % lanes * pixels] = s[i];
}

$NOINLINE void $add_of_16(const int8_t *w, const uint32_t *x, int count, int is_first, int32_t *sums)
{
    $add_taps(w, 16, x, count, is_first, sums, 2, 4);
}

$NOINLINE void $add_of_32(const int8_t *w, const uint32_t *x, int count, int is_first, int32_t *sums)
{
    $add_taps(w, 32, x, count, is_first, sums, 2, 4);
}

$NOINLINE void $add_2_4(const int8_t *w, int width, const uint32_t *x, int count, int is_first, int32_t *sums)
{
    $add_taps(w, width, x, count, is_first, sums, 2, 4);
}

$NOINLINE void $add_1_4(const int8_t *w, int width, const uint32_t *x, int count, int is_first, int32_t *sums)
{
    $add_taps(w, width, x, count, is_first, sums, 1, 4);
}

$NOINLINE void $add_2_1(const int8_t *w, int width, const uint32_t *x, int count, int is_first, int32_t *sums)
{
    $add_taps(w, width, x, count, is_first, sums, 2, 1);
}

$NOINLINE void $add_1_1(const int8_t *w, int width, const uint32_t *x, int count, int is_first, int32_t *sums)
{
    $add_taps(w, width, x, count, is_first, sums, 1, 1);
}

/* Sums [filter][pixel] of the products of bytes: all filters of a block, whose weights are [tap][filter], at some pixels. */
static void $sum_products(
    const int8_t *weights, int width, const uint8_t *const *windows, int pixels, const $tap *taps, int count, int32_t *sums)
{
    void (*const add)(const int8_t *, const uint32_t *, int, int, int32_t *) = /* where the width is a constant, or NULL */
        pixels == 1 ? NULL : width == 16 ? $add_of_16 : width == 32 ? $add_of_32 : NULL;
    uint32_t pairs[$GATHERED / 2 * $BYTE_PIXELS];
    int t = 0;
    do {
        const int some = count - t < $GATHERED ? count - t : $GATHERED, half = (some + 1) / 2, is_first = t == 0;
        $gather(windows, pixels, taps + t, some, pairs);
        for (int f = 0; f < width; f += 2) {
            int32_t *const two = sums + f * pixels;
            const int8_t *const of_two = weights + 2 * f;
            if (add != NULL) add(of_two, pairs, half, is_first, two);
            else if (pixels == 1) (f + 1 < width ? $add_2_1 : $add_1_1)(of_two, width, pairs, half, is_first, two);
            else (f + 1 < width ? $add_2_4 : $add_1_4)(of_two, width, pairs, half, is_first, two);
        }
        weights += 2 * half * width;
        t += some;
    } while (t < count); /* a block without taps has sums of 0 */
}
