/*
 * The mean of each window, which reaches `above` rows and `before` columns beyond the map. If `below` and `behind` are 0 or more, padding
 * counts, as far as that many rows and columns beyond the other sides, and has the byte `zero`.
 */
static void $mean_pool_bytes(
    const uint8_t *x, const $map *in, int kernel_height, int kernel_width, int step_rows, int step_columns, int above, int before, int below,
    int behind, int zero, int shift, const $requantisation *q, uint8_t *y, const $map *out)
{
    for (int row = 0; row < out->height; row++) {
        for (int column = 0; column < out->width; column++) {
            const int top = row * step_rows - above, left = column * step_columns - before;
            const int first_row = top > 0 ? top : 0, end_row = top + kernel_height < in->height ? top + kernel_height : in->height;
            const int first_column = left > 0 ? left : 0, end_column = left + kernel_width < in->width ? left + kernel_width : in->width;
            const int bottom = top + kernel_height < in->height + below ? top + kernel_height : in->height + below;
            const int right = left + kernel_width < in->width + behind ? left + kernel_width : in->width + behind;
            const int inside = (end_row - first_row) * (end_column - first_column);
            const int count = below >= 0 ? (bottom - top) * (right - left) : inside;
            for (int c = 0; c < out->channels; c++) {
                int32_t sum = (count - inside) * zero;
                for (int r = first_row; r < end_row; r++) {
                    for (int k = first_column; k < end_column; k++) sum += x[r * in->pitch + k * in->channels + c];
                }
                y[row * out->pitch + column * out->channels + c] = $requantise(q, q->count == 1 ? 0 : count - 1, sum << shift, 0);
            }
        }
    }
}
