/* A convolution of bytes. Filters lie in blocks; those of a block share one list of taps, as those of floats do. */
typedef struct {
    const int8_t *weights; /* [block][tap][filter of the block] */
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

/* The residual, if there is one, lies like y or in its place. The last pixels are moved back to end with the map. */
static void $convolve_bytes(const $byte_convolution *c, const uint8_t *x, const $map *in, const uint8_t *residual, void *y, const $map *out)
{
    const uint8_t *const corner = x - c->padding * (in->pitch + in->channels);
    const int all = out->height * out->width, pixels = all >= $BYTE_PIXELS ? $BYTE_PIXELS : 1;
    const int size = c->bytes == NULL ? (int)sizeof(float) : 1;
    for (int begin = 0; begin < all; begin += pixels) {
        const int at = begin + pixels <= all ? begin : all - pixels;
        const uint8_t *windows[$BYTE_PIXELS];
        int places[$BYTE_PIXELS];
        for (int p = 0; p < pixels; p++) {
            const int row = (at + p) / out->width, column = (at + p) % out->width;
            windows[p] = corner + c->stride * (row * in->pitch + column * in->channels);
            places[p] = row * out->pitch + column * out->channels;
        }
        const int8_t *weights = c->weights;
        const $tap *taps = c->taps;
        for (int first = 0; first < c->filters; first += c->block) {
            int32_t sums[32 * $BYTE_PIXELS]; /* [filter][pixel]: the widest block has 32 filters */
            const int width = c->filters - first < c->block ? c->filters - first : c->block;
            const int count = c->counts == NULL ? c->count : (int)c->counts[first / c->block];
            $sum_products(weights, width, windows, pixels, taps, count, sums);
            for (int p = begin - at; p < pixels; p++) {
                const int place = places[p] + first;
                $finish_bytes(c, first, width, sums + p, pixels, residual == NULL ? NULL : residual + place, (char *)y + place * size);
            }
            weights += count * width;
            if (!c->shared) taps += count;
        }
    }
}
