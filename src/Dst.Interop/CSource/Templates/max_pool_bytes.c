/* The largest byte of each window, which reaches `above` rows and `before` columns beyond the map; what lies there does not count. */
static void $max_pool_bytes(
    const uint8_t *x, const $map *in, int kernel_height, int kernel_width, int step_rows, int step_columns, int above, int before,
    uint8_t *y, const $map *out)
{
    for (int row = 0; row < out->height; row++) {
        for (int column = 0; column < out->width; column++) {
            const int top = row * step_rows - above, left = column * step_columns - before;
            uint8_t *const to = y + row * out->pitch + column * out->channels;
            for (int c = 0; c < out->channels; c++) to[c] = 0;
            for (int r = top > 0 ? top : 0; r < top + kernel_height && r < in->height; r++) {
                for (int k = left > 0 ? left : 0; k < left + kernel_width && k < in->width; k++) {
                    const uint8_t *const from = x + r * in->pitch + k * in->channels;
                    for (int c = 0; c < out->channels; c++) to[c] = from[c] > to[c] ? from[c] : to[c];
                }
            }
        }
    }
}
