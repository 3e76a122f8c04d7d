/*
 * A map of `scale` times the rows and columns: each value repeated, or the mean of the four around it if `bilinear`. Places are in units
 * of 1 / (2 scale) pixels, in which all are whole.
 */
static void $upsample(const float *x, const $map *in, int scale, int bilinear, float *y, const $map *out)
{
    const int unit = 2 * scale;
    for (int row = 0; row < out->height; row++) {
        const int r = !bilinear ? row / scale * unit : 2 * row + 1 > scale ? 2 * row + 1 - scale : 0;
        const int top = r / unit, bottom = top + 1 < in->height ? top + 1 : top;
        const float v = (float)(r % unit) / (float)unit;
        for (int column = 0; column < out->width; column++) {
            const int k = !bilinear ? column / scale * unit : 2 * column + 1 > scale ? 2 * column + 1 - scale : 0;
            const int left = k / unit, right = left + 1 < in->width ? left + 1 : left;
            const float h = (float)(k % unit) / (float)unit;
            const float *$RESTRICT a = x + top * in->pitch + left * in->channels;
            const float *$RESTRICT b = x + top * in->pitch + right * in->channels;
            const float *$RESTRICT c = x + bottom * in->pitch + left * in->channels;
            const float *$RESTRICT d = x + bottom * in->pitch + right * in->channels;
            float *$RESTRICT to = y + row * out->pitch + column * out->channels;
            for (int i = 0; i < out->channels; i++)
                to[i] = (1.0f - v) * ((1.0f - h) * a[i] + h * b[i]) + v * ((1.0f - h) * c[i] + h * d[i]);
        }
    }
}
