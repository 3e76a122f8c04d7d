/* y = table[x], in a map of as many channels or more. */
static void $look_bytes(const uint8_t *table, const uint8_t *x, const $map *in, uint8_t *y, const $map *out)
{
    for (int row = 0; row < in->height; row++) {
        for (int column = 0; column < in->width; column++) {
            const uint8_t *const from = x + row * in->pitch + column * in->channels;
            uint8_t *const to = y + row * out->pitch + column * out->channels;
            for (int c = 0; c < in->channels; c++) to[c] = table[from[c]];
        }
    }
}
