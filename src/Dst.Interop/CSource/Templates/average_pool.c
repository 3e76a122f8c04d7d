/* The mean of each window; zeros of the padding count if `count_padding`, and nothing beyond it. */
static void $average_pool(
    const float *x, const $map *in, int kernel_height, int kernel_width, int stride, int padding, int count_padding, float *y, const $map *out)
{
    for (int row = 0; row < out->height; row++) {
        for (int column = 0; column < out->width; column++) {
            const int top = row * stride - padding, left = column * stride - padding;
            const int first_row = top > 0 ? top : 0, end_row = top + kernel_height < in->height ? top + kernel_height : in->height;
            const int first_column = left > 0 ? left : 0, end_column = left + kernel_width < in->width ? left + kernel_width : in->width;
            const int bottom = top + kernel_height < in->height + padding ? top + kernel_height : in->height + padding;
            const int right = left + kernel_width < in->width + padding ? left + kernel_width : in->width + padding;
            const int count = count_padding ? (bottom - top) * (right - left) : (end_row - first_row) * (end_column - first_column);
            float *$RESTRICT to = y + row * out->pitch + column * out->channels;
            for (int c = 0; c < out->channels; c++) to[c] = 0.0f;
            for (int r = first_row; r < end_row; r++) {
                for (int k = first_column; k < end_column; k++) {
                    const float *$RESTRICT from = x + r * in->pitch + k * in->channels;
                    for (int c = 0; c < out->channels; c++) to[c] += from[c];
                }
            }
            for (int c = 0; c < out->channels; c++) to[c] /= (float)count;
        }
    }
}
