/* The bytes of a map of floats. */
static void $to_bytes(const float *x, const $map *in, float steps, int zero, uint8_t *y, const $map *out)
{
    for (int row = 0; row < in->height; row++) {
        for (int column = 0; column < in->width; column++) {
            const float *const from = x + row * in->pitch + column * in->channels;
            uint8_t *const to = y + row * out->pitch + column * out->channels;
            for (int c = 0; c < in->channels; c++) to[c] = $to_byte(from[c], steps, zero);
        }
    }
}
