/* A transposed convolution: each output gathers from the inputs whose multiples of the kernel reach it. */
typedef struct {
    const float *weights; /* [kernel row][kernel column][channel][filter] */
    const float *bias;    /* [filter] */
    int kernel_height, kernel_width, stride, padding;
    float low, high;      /* bounds of the result */
} $transposed;

/* `lanes` filters at one output pixel. */
$INLINE void $transposed_lanes(
    const $transposed *t, const float *$RESTRICT x, const $map *in, int row, int column, int filter, int filters, const float *residual,
    float *y, const int lanes)
{
    float sums[$LANES];
    for (int f = 0; f < lanes; f++) sums[f] = 0.0f;
    for (int ky = 0; ky < t->kernel_height; ky++) {
        const int r = row + t->padding - ky;
        if (r < 0 || r % t->stride != 0 || r / t->stride >= in->height) continue;
        for (int kx = 0; kx < t->kernel_width; kx++) {
            const int k = column + t->padding - kx;
            if (k < 0 || k % t->stride != 0 || k / t->stride >= in->width) continue;
            const float *$RESTRICT from = x + r / t->stride * in->pitch + k / t->stride * in->channels;
            const float *$RESTRICT weights = t->weights + (ky * t->kernel_width + kx) * in->channels * filters + filter;
            for (int c = 0; c < in->channels; c++) {
                $LANE_LOOP
                for (int f = 0; f < lanes; f++) sums[f] += weights[f] * from[c];
                weights += filters;
            }
        }
    }
    $finish(sums, t->bias + filter, residual, y, t->low, t->high, lanes);
}

static void $convolve_transposed(
    const $transposed *t, const float *x, const $map *in, const float *residual, float *y, const $map *out)
{
    for (int row = 0; row < out->height; row++) {
        for (int column = 0; column < out->width; column++) {
            const int place = row * out->pitch + column * out->channels;
            for (int f = 0, lanes; f < out->channels; f += lanes) {
                const float *const added = residual == NULL ? NULL : residual + place + f;
                float *const to = y + place + f;
                lanes = out->channels - f >= $LANES ? $LANES : 1;
                if (lanes == $LANES) $transposed_lanes(t, x, in, row, column, f, out->channels, added, to, $LANES);
                else $transposed_lanes(t, x, in, row, column, f, out->channels, added, to, 1);
            }
        }
    }
}
