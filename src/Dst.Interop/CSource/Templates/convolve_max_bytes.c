/*
 * A convolution of bytes of which only the largest of each 2x2 pixels is kept. A larger sum never gives a smaller byte here, so only the
 * largest sum of a filter becomes a byte.
 */
static void $convolve_max_bytes(const $byte_convolution *c, const uint8_t *x, const $map *in, uint8_t *y, const $map *out)
{
    const uint8_t *const corner = x - c->padding * (in->pitch + in->channels);
    const int down = c->stride * in->pitch, right = c->stride * in->channels;
    for (int i = 0; i < out->height * out->width; i++) {
        const int row = i / out->width, column = i % out->width;
        const uint8_t *const window = corner + 2 * (row * down + column * right);
        const uint8_t *const windows[$BYTE_PIXELS] = {window, window + right, window + down, window + down + right};
        uint8_t *const to = y + row * out->pitch + column * out->channels;
        const int8_t *weights = c->weights;
        const $tap *taps = c->taps;
        for (int first = 0; first < c->filters; first += c->block) {
            int32_t sums[32 * $BYTE_PIXELS], largest[32]; /* the widest block has 32 filters */
            const int width = c->filters - first < c->block ? c->filters - first : c->block;
            const int count = c->counts == NULL ? c->count : (int)c->counts[first / c->block];
            $sum_products(weights, width, windows, $BYTE_PIXELS, taps, count, sums);
            for (int f = 0; f < width; f++) {
                const int32_t *const s = sums + f * $BYTE_PIXELS;
                const int32_t upper = s[0] > s[1] ? s[0] : s[1], lower = s[2] > s[3] ? s[2] : s[3];
                largest[f] = upper > lower ? upper : lower;
            }
            $finish_bytes(c, first, width, largest, 1, NULL, to + first);
            weights += (count + 1) / 2 * 2 * width;
            if (!c->shared) taps += count;
        }
    }
}
