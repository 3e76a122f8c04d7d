/* A convolution of bytes. The residual, if there is one, lies like y or in its place. The last pixels are moved back to end with the map. */
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
            weights += (count + 1) / 2 * 2 * width;
            if (!c->shared) taps += count;
        }
    }
}
