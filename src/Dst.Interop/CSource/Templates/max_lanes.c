/* `scale` times the largest value of a window, for `lanes` channels. */
$INLINE void $max_lanes(const float *x, const $map *in, int rows, int columns, float scale, float *y, const int lanes)
{
    float most[$LANES];
    for (int l = 0; l < lanes; l++) most[l] = x[l];
    for (int r = 0; r < rows; r++) {
        for (int k = 0; k < columns; k++) {
            const float *const from = x + r * in->pitch + k * in->channels;
            $LANE_LOOP
            for (int l = 0; l < lanes; l++) most[l] = from[l] > most[l] ? from[l] : most[l];
        }
    }
    for (int l = 0; l < lanes; l++) y[l] = scale * most[l];
}
