/* The largest value of each window; what lies beyond the map does not count. */
static void max_pool(const float *x, const map *in, int kernel, int stride, int padding, float *y, const map *out)
{
    for (int row = 0; row < out->height; row++) {
        for (int column = 0; column < out->width; column++) {
            const int top = row * stride - padding, left = column * stride - padding;
            const int first_row = top > 0 ? top : 0, end_row = top + kernel < in->height ? top + kernel : in->height;
            const int first_column = left > 0 ? left : 0, end_column = left + kernel < in->width ? left + kernel : in->width;
            const float *const first = x + first_row * in->pitch + first_column * in->channels;
            float *restrict to = y + row * out->pitch + column * out->channels;
            for (int c = 0; c < out->channels; c++) to[c] = first[c];
            for (int r = first_row; r < end_row; r++) {
                for (int k = first_column; k < end_column; k++) {
                    const float *restrict from = x + r * in->pitch + k * in->channels;
                    for (int c = 0; c < out->channels; c++) to[c] = from[c] > to[c] ? from[c] : to[c];
                }
            }
        }
    }
}
