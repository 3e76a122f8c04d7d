/*
 * Spectral pooling of a map of @WIDTH@ columns: y = rows * x * transpose(columns) for each channel. The matrices keep the low frequencies
 * of each axis.
 */
static void $spectral_pool_@WIDTH@(
    const float *x, const $map *in, const float *rows, const float *columns, float *y, const $map *out)
{
    for (int row = 0; row < out->height; row++) {
        for (int c = 0; c < out->channels; c++) {
            float mixed[@WIDTH@];
            for (int k = 0; k < @WIDTH@; k++) {
                mixed[k] = 0.0f;
                for (int r = 0; r < in->height; r++)
                    mixed[k] += rows[row * in->height + r] * x[r * in->pitch + k * in->channels + c];
            }
            for (int column = 0; column < out->width; column++) {
                float sum = 0.0f;
                for (int k = 0; k < @WIDTH@; k++) sum += columns[column * @WIDTH@ + k] * mixed[k];
                y[row * out->pitch + column * out->channels + c] = sum;
            }
        }
    }
}
