/*
 * Probabilistic weighted pooling of a window of at most @POSITIONS@ positions, for `lanes` channels: the largest value counts `retain`,
 * each smaller one 1 - retain of what the one before it counts.
 */
$INLINE void $weighted_@POSITIONS@_lanes(const float *x, const $map *in, int rows, int columns, float retain, float *y, const int lanes)
{
    float sorted[@POSITIONS@][$LANES], value[$LANES], mean[$LANES];
    int count = 0;
    for (int r = 0; r < rows; r++) {
        for (int k = 0; k < columns; k++, count++) {
            const float *const from = x + r * in->pitch + k * in->channels;
            for (int l = 0; l < lanes; l++) value[l] = from[l];
            for (int i = count - 1; i >= 0; i--) {
                $LANE_LOOP
                for (int l = 0; l < lanes; l++) {
                    const float a = sorted[i][l], b = value[l];
                    sorted[i + 1][l] = a > b ? a : b;
                    value[l] = a > b ? b : a;
                }
            }
            for (int l = 0; l < lanes; l++) sorted[0][l] = value[l];
        }
    }
    for (int l = 0; l < lanes; l++) mean[l] = 0.0f;
    for (int i = 0; i < count; i++) {
        $LANE_LOOP
        for (int l = 0; l < lanes; l++) mean[l] = (1.0f - retain) * mean[l] + retain * sorted[i][l];
    }
    for (int l = 0; l < lanes; l++) y[l] = mean[l];
}
