/* A convolution of each channel with a kernel of its own. */
typedef struct {
    const float *weights; /* [kernel row][kernel column][channel] */
    const float *bias;    /* [channel] */
    int kernel_height, kernel_width, stride, padding;
    float low, high;      /* bounds of the result */
} $depthwise;

/* `lanes` channels at the window that begins at x. */
$INLINE void $depthwise_lanes(
    const $depthwise *d, const float *$RESTRICT x, const $map *in, int channel, const float *residual, float *y, const int lanes)
{
    float sums[$LANES];
    const float *$RESTRICT weights = d->weights + channel;
    for (int f = 0; f < lanes; f++) sums[f] = 0.0f;
    for (int ky = 0; ky < d->kernel_height; ky++) {
        for (int kx = 0; kx < d->kernel_width; kx++) {
            const float *$RESTRICT from = x + ky * in->pitch + kx * in->channels;
            $LANE_LOOP
            for (int f = 0; f < lanes; f++) sums[f] += weights[f] * from[f];
            weights += in->channels;
        }
    }
    $finish(sums, d->bias + channel, residual, y, d->low, d->high, lanes);
}

static void $convolve_channels(const $depthwise *d, const float *x, const $map *in, const float *residual, float *y, const $map *out)
{
    for (int row = 0; row < out->height; row++) {
        for (int column = 0; column < out->width; column++) {
            const float *const corner = x + (row * d->stride - d->padding) * in->pitch + (column * d->stride - d->padding) * in->channels;
            const int place = row * out->pitch + column * out->channels;
            for (int c = 0, lanes; c < in->channels; c += lanes) {
                const float *const added = residual == NULL ? NULL : residual + place + c;
                lanes = in->channels - c >= $LANES ? $LANES : 1;
                if (lanes == $LANES) $depthwise_lanes(d, corner + c, in, c, added, y + place + c, $LANES);
                else $depthwise_lanes(d, corner + c, in, c, added, y + place + c, 1);
            }
        }
    }
}
