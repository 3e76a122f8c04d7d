/*
 * The mean of each window, which reaches `above` rows and `before` columns beyond the map. If `below` and `behind` are 0 or more, the
 * zeros of the padding count, as far as that many rows and columns beyond the other sides.
 */
static void $average_pool(
    const float *x, const $map *in, int kernel_height, int kernel_width, int step_rows, int step_columns, int above, int before, int below,
    int behind, float *y, const $map *out)
{
    for (int row = 0; row < out->height; row++) {
        for (int column = 0; column < out->width; column++) {
            const int top = row * step_rows - above, left = column * step_columns - before;
            const int first_row = top > 0 ? top : 0, end_row = top + kernel_height < in->height ? top + kernel_height : in->height;
            const int first_column = left > 0 ? left : 0, end_column = left + kernel_width < in->width ? left + kernel_width : in->width;
            const int bottom = top + kernel_height < in->height + below ? top + kernel_height : in->height + below;
            const int right = left + kernel_width < in->width + behind ? left + kernel_width : in->width + behind;
            const int count = below >= 0 ? (bottom - top) * (right - left) : (end_row - first_row) * (end_column - first_column);
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
