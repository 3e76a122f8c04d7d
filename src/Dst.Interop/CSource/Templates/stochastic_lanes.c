/* The mean of a window in which each positive value weighs as much as it is, for `lanes` channels. A sum is at least `smallest`. */
$INLINE void $stochastic_lanes(const float *x, const $map *in, int rows, int columns, float smallest, float *y, const int lanes)
{
    float sum[$LANES], squares[$LANES];
    for (int l = 0; l < lanes; l++) sum[l] = squares[l] = 0.0f;
    for (int r = 0; r < rows; r++) {
        for (int k = 0; k < columns; k++) {
            const float *const from = x + r * in->pitch + k * in->channels;
            $LANE_LOOP
            for (int l = 0; l < lanes; l++) {
                const float value = from[l] < 0.0f ? 0.0f : from[l];
                sum[l] += value;
                squares[l] += value * value;
            }
        }
    }
    for (int l = 0; l < lanes; l++) y[l] = squares[l] / (sum[l] < smallest ? smallest : sum[l]);
}
