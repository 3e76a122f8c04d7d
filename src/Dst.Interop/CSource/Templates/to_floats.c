/* The numbers of bytes. */
static void $to_floats(const uint8_t *x, const $map *in, float scale, int zero, float *y, const $map *out)
{
    for (int row = 0; row < in->height; row++) {
        for (int column = 0; column < in->width; column++) {
            const uint8_t *const from = x + row * in->pitch + column * in->channels;
            float *const to = y + row * out->pitch + column * out->channels;
            for (int c = 0; c < in->channels; c++) to[c] = (float)(from[c] - zero) * scale;
        }
    }
}
