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

/* The residual, if there is one, lies like y or in its place. */
static void $convolve_bytes(const $byte_convolution *c, const uint8_t *x, const $map *in, const uint8_t *residual, void *y, const $map *out)
{
    const uint8_t *const corner = x - c->padding * (in->pitch + in->channels);
    for (int row = 0; row < out->height; row++) {
        for (int column = 0; column < out->width; column++) {
            const uint8_t *const window = corner + c->stride * (row * in->pitch + column * in->channels);
            const int place = row * out->pitch + column * out->channels;
            const int8_t *weights = c->weights;
            const $tap *taps = c->taps;
            for (int first = 0; first < c->filters; first += c->block) {
                int32_t sums[16];
                const int width = c->filters - first < c->block ? c->filters - first : c->block;
                const int count = c->counts == NULL ? c->count : (int)c->counts[first / c->block];
                for (int f = 0; f < width; f++) sums[f] = 0;
                for (int t = 0; t < count; t++) {
                    const int32_t value = window[taps[t]];
                    for (int f = 0; f < width; f++) sums[f] += weights[f] * value;
                    weights += width;
                }
                for (int f = 0; f < width; f++) {
                    const int filter = first + f, at = place + filter;
                    if (c->bytes == NULL) ((float *)y)[at] = (float)(sums[f] + c->summands[filter]) * c->scales[filter];
                    else ((uint8_t *)y)[at] = $requantise(c->bytes, filter, sums[f], residual == NULL ? 0 : residual[at]);
                }
                if (!c->shared) taps += count;
            }
        }
    }
}
