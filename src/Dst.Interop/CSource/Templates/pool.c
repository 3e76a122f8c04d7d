/* $@KIND@_lanes of each window, which reaches `above` rows and `before` columns beyond the map; what lies there does not count. */
static void $@KIND@_pool(
    const float *x, const $map *in, int kernel_height, int kernel_width, int step_rows, int step_columns, int above, int before,
    float number, float *y, const $map *out)
{
    for (int row = 0; row < out->height; row++) {
        for (int column = 0; column < out->width; column++) {
            const int top = row * step_rows - above, left = column * step_columns - before;
            const int first_row = top > 0 ? top : 0, end_row = top + kernel_height < in->height ? top + kernel_height : in->height;
            const int first_column = left > 0 ? left : 0, end_column = left + kernel_width < in->width ? left + kernel_width : in->width;
            const int rows = end_row - first_row, columns = end_column - first_column;
            const float *const from = x + first_row * in->pitch + first_column * in->channels;
            float *const to = y + row * out->pitch + column * out->channels;
            for (int c = 0, lanes; c < out->channels; c += lanes) {
                lanes = out->channels - c >= $LANES ? $LANES : 1;
                if (lanes == $LANES) $@KIND@_lanes(from + c, in, rows, columns, number, to + c, $LANES);
                else $@KIND@_lanes(from + c, in, rows, columns, number, to + c, 1);
            }
        }
    }
}
