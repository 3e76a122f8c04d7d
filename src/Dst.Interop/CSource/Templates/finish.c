/* y = sums + bias + residual within its bounds, where the residual may lie in the place of y. */
$INLINE void $finish(const float *sums, const float *bias, const float *residual, float *y, float low, float high, const int lanes)
{
    float values[$LANES];
    $LANE_LOOP
    for (int f = 0; f < lanes; f++) values[f] = sums[f] + bias[f];
    if (residual != NULL) {
        $LANE_LOOP
        for (int f = 0; f < lanes; f++) values[f] += residual[f];
    }
    $LANE_LOOP
    for (int f = 0; f < lanes; f++) {
        const float v = values[f] > low ? values[f] : low;
        y[f] = v < high ? v : high;
    }
}
