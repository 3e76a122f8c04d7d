/*
 * A convolution. Filters lie in blocks; those of a block share one list of taps: where the weights that are kept read, from the
 * corner of the window on. What is pruned has no tap, so a halved layer runs the loop of a dense one half as often.
 */
typedef struct {
    const float *weights; /* [block][tap][filter of the block] */
    const float *bias;    /* [filter] */
    const $tap *taps;      /* [block][tap], or [tap] where all blocks share them */
    const $tap *counts;    /* taps of each block, or NULL where all have `count` */
    int count;
    int shared;           /* whether all blocks share the list */
    int filters, block, stride, padding;
    float low, high;      /* bounds of the result */
} $convolution;

/* Some filters of a block, of which `step` lie side by side. */
typedef struct {
    const float *weights, *bias, *residual;
    const $tap *taps;
    int count, step;
    float *y, low, high;
} $filter_run;

/* Where the windows of some pixels begin, where their results lie in y, and how many of those are there already. */
typedef struct {
    const float *corner[$PIXELS];
    int place[$PIXELS], done;
} $pixel_run;

/* `lanes` filters at `pixels` pixels. */
$INLINE void $compute_tile(const $filter_run *f, const $pixel_run *at, const int lanes, const int pixels)
{
    float sums[$LANES * $PIXELS], results[$LANES * $PIXELS]; /* [pixel][filter]; only constants index the sums, so they need no memory */
    const float *weights = f->weights;
    for (int i = 0; i < lanes * pixels; i++) sums[i] = 0.0f;
    for (int t = 0; t < f->count; t++) {
        const $tap offset = f->taps[t];
        $PIXEL_LOOP
        for (int p = 0; p < pixels; p++) {
            const float value = at->corner[p][offset];
            float *const sum = sums + p * lanes;
            $LANE_LOOP
            for (int l = 0; l < lanes; l++) sum[l] += weights[l] * value;
        }
        weights += f->step;
    }
    for (int i = 0; i < lanes * pixels; i++) results[i] = sums[i];
    for (int p = at->done; p < pixels; p++) {
        const int place = at->place[p];
        $finish(results + p * lanes, f->bias, f->residual == NULL ? NULL : f->residual + place, f->y + place, f->low, f->high, lanes);
    }
}

$NOINLINE void $tile_lanes_pixels(const $filter_run *f, const $pixel_run *at) { $compute_tile(f, at, $LANES, $PIXELS); }
$NOINLINE void $tile_lanes_1(const $filter_run *f, const $pixel_run *at) { $compute_tile(f, at, $LANES, 1); }
#if $LANES > 8
$NOINLINE void $tile_8_pixels(const $filter_run *f, const $pixel_run *at) { $compute_tile(f, at, 8, $PIXELS); }
$NOINLINE void $tile_8_1(const $filter_run *f, const $pixel_run *at) { $compute_tile(f, at, 8, 1); }
#endif
$NOINLINE void $tile_4_pixels(const $filter_run *f, const $pixel_run *at) { $compute_tile(f, at, 4, $PIXELS); }
$NOINLINE void $tile_4_1(const $filter_run *f, const $pixel_run *at) { $compute_tile(f, at, 4, 1); }
$NOINLINE void $tile_1_pixels(const $filter_run *f, const $pixel_run *at) { $compute_tile(f, at, 1, $PIXELS); }
$NOINLINE void $tile_1_1(const $filter_run *f, const $pixel_run *at) { $compute_tile(f, at, 1, 1); }

/* The next pixels from a row and column on. */
static void $place_pixels(const $convolution *c, const float *x, const $map *in, const $map *out, int row, int column, int pixels, $pixel_run *at)
{
    const int step = c->stride * in->channels, row_step = c->stride * in->pitch;
    const float *corner = x + row * row_step + column * step;
    int place = row * out->pitch + column * out->channels;
    for (int p = 0; p < pixels; p++) {
        at->corner[p] = corner;
        at->place[p] = place;
        corner += step;
        place += out->channels;
        if (++column == out->width) {
            corner += row_step - out->width * step;
            place += out->pitch - out->width * out->channels;
            column = 0;
        }
    }
}

/* All pixels of some filters; the last tile is moved back to end with the last pixel. */
static void $compute_filters(const $convolution *c, const $filter_run *f, int lanes, const float *x, const $map *in, const $map *out)
{
    const int all = out->height * out->width, pixels = all >= $PIXELS ? $PIXELS : 1;
    for (int begin = 0; begin < all; begin += pixels) {
        const int first = begin + pixels <= all ? begin : all - pixels;
        $pixel_run at;
        at.done = begin - first;
        $place_pixels(c, x, in, out, first / out->width, first % out->width, pixels, &at);
        if (lanes == $LANES) (pixels == 1 ? $tile_lanes_1 : $tile_lanes_pixels)(f, &at);
#if $LANES > 8
        else if (lanes == 8) (pixels == 1 ? $tile_8_1 : $tile_8_pixels)(f, &at);
#endif
        else if (lanes == 4) (pixels == 1 ? $tile_4_1 : $tile_4_pixels)(f, &at);
        else (pixels == 1 ? $tile_1_1 : $tile_1_pixels)(f, &at);
    }
}

/* The residual, if there is one, lies like y or in its place. */
static void $convolve(const $convolution *c, const float *x, const $map *in, const float *residual, float *y, const $map *out)
{
    const float *const corner = x - c->padding * (in->pitch + in->channels), *weights = c->weights;
    const $tap *taps = c->taps;
    for (int first = 0; first < c->filters; first += c->block) {
        const int width = c->filters - first < c->block ? c->filters - first : c->block;
        const int count = c->counts == NULL ? c->count : (int)c->counts[first / c->block];
        for (int f = 0, lanes; f < width; f += lanes) {
            lanes = width - f >= $LANES ? $LANES : $LANES > 8 && width - f >= 8 ? 8 : width - f >= 4 ? 4 : 1;
            const int filter = first + f;
            const $filter_run run = {
                weights + f, c->bias + filter, residual == NULL ? NULL : residual + filter, taps, count, width, y + filter, c->low, c->high
            };
            $compute_filters(c, &run, lanes, corner, in, out);
        }
        weights += count * width;
        if (!c->shared) taps += count;
    }
}
