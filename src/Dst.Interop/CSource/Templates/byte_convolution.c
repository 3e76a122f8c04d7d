/* A convolution of bytes. Filters lie in blocks; those of a block share one list of taps, as those of floats do. */
typedef struct {
    const int8_t *weights; /* of each block, in the order of `sum_products` */
    const $tap *taps;       /* [block][tap], or [tap] where all blocks share them */
    const $tap *counts;     /* taps of each block, or NULL where all have `count` */
    int count;
    int shared; /* whether all blocks share the list */
    int filters, block, stride, padding;
    const $requantisation *bytes; /* how sums become bytes; NULL where they become floats: (sum + summand) * scale */
    const int32_t *summands;
    const float *scales;
} $byte_convolution;

/* The results of some filters of a pixel from their sums, which lie `step` apart. The residual may lie in the place of y. */
static void $finish_bytes(const $byte_convolution *c, int first, int width, const int32_t *sums, int step, const uint8_t *residual, void *y)
{
    if (c->bytes == NULL) {
        for (int f = 0; f < width; f++) ((float *)y)[f] = (float)(sums[f * step] + c->summands[first + f]) * c->scales[first + f];
        return;
    }
    const $requantisation q = *c->bytes; /* a copy: to the compiler, a byte that is written may lie in the constants */
    if (residual == NULL) {
        for (int f = 0; f < width; f++) ((uint8_t *)y)[f] = $requantise(&q, first + f, sums[f * step], 0);
    } else {
        for (int f = 0; f < width; f++) ((uint8_t *)y)[f] = $requantise(&q, first + f, sums[f * step], $added(&q, residual[f]));
    }
}
