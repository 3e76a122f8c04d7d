/*
 * A convolution. Filters lie in blocks; those of a block share one list of taps: where the weights that are kept read, from the
 * corner of the window on. What is pruned has no tap, so a halved layer runs the loop of a dense one half as often.
 */
typedef struct {
    const float *weights; /* [block][tap][filter of the block] */
    const float *bias;    /* [filter] */
    const tap *taps;      /* [block][tap], or [tap] where all blocks share them */
    const tap *counts;    /* taps of each block, or NULL where all have `count` */
    int count;
    int shared;           /* whether all blocks share the list */
    int filters, block, stride, padding;
    float low, high;      /* bounds of the result */
} convolution;

/* Some filters of a block, of which `step` lie side by side. */
typedef struct {
    const float *x, *weights, *bias, *residual;
    const tap *taps;
    int count, step;
    float *y, low, high;
} filter_run;

/* Where the windows of some pixels begin in x, where their results lie in y, and how many of them are there already. */
typedef struct {
    int corner[PIXELS], place[PIXELS], done;
} pixel_run;

/* `lanes` filters at `pixels` pixels. */
INLINE void sum_tile(
    const float *restrict x, const int *restrict corner, const float *restrict weights, int step, const tap *restrict taps, int count,
    const int lanes, const int pixels, float *restrict result)
{
    float sums[LANES * PIXELS]; /* [pixel][filter] */
    for (int i = 0; i < lanes * pixels; i++) sums[i] = 0.0f;
    for (int t = 0; t < count; t++) {
        const float *const in = x + taps[t];
        PIXEL_LOOP
        for (int p = 0; p < pixels; p++) {
            const float value = in[corner[p]];
            float *const sum = sums + p * lanes;
            LANE_LOOP
            for (int f = 0; f < lanes; f++) sum[f] += weights[f] * value;
        }
        weights += step;
    }
    for (int i = 0; i < lanes * pixels; i++) result[i] = sums[i];
}

INLINE void compute_tile(const filter_run *f, const pixel_run *at, const int lanes, const int pixels)
{
    float sums[LANES * PIXELS];
    sum_tile(f->x, at->corner, f->weights, f->step, f->taps, f->count, lanes, pixels, sums);
    for (int p = at->done; p < pixels; p++) {
        const int place = at->place[p];
        finish(sums + p * lanes, f->bias, f->residual == NULL ? NULL : f->residual + place, f->y + place, f->low, f->high, lanes);
    }
}

NOINLINE void tile_lanes_pixels(const filter_run *f, const pixel_run *at) { compute_tile(f, at, LANES, PIXELS); }
NOINLINE void tile_lanes_1(const filter_run *f, const pixel_run *at) { compute_tile(f, at, LANES, 1); }
NOINLINE void tile_4_pixels(const filter_run *f, const pixel_run *at) { compute_tile(f, at, 4, PIXELS); }
NOINLINE void tile_4_1(const filter_run *f, const pixel_run *at) { compute_tile(f, at, 4, 1); }
NOINLINE void tile_1_pixels(const filter_run *f, const pixel_run *at) { compute_tile(f, at, 1, PIXELS); }
NOINLINE void tile_1_1(const filter_run *f, const pixel_run *at) { compute_tile(f, at, 1, 1); }

/* All pixels of some filters; the last tile is moved back to end with the last pixel. */
static void compute_filters(const convolution *c, const filter_run *f, int lanes, const map *in, const map *out)
{
    const int all = out->height * out->width, pixels = all >= PIXELS ? PIXELS : 1;
    for (int begin = 0; begin < all; begin += pixels) {
        const int first = begin + pixels <= all ? begin : all - pixels;
        int row = first / out->width, column = first % out->width;
        pixel_run at;
        at.done = begin - first;
        for (int p = 0; p < pixels; p++) {
            at.corner[p] = (row * c->stride - c->padding) * in->pitch + (column * c->stride - c->padding) * in->channels;
            at.place[p] = row * out->pitch + column * out->channels;
            if (++column == out->width) {
                column = 0;
                row++;
            }
        }
        if (lanes == LANES) (pixels == 1 ? tile_lanes_1 : tile_lanes_pixels)(f, &at);
        else if (lanes == 4) (pixels == 1 ? tile_4_1 : tile_4_pixels)(f, &at);
        else (pixels == 1 ? tile_1_1 : tile_1_pixels)(f, &at);
    }
}

/* The residual, if there is one, lies like y or in its place. */
static void convolve(const convolution *c, const float *x, const map *in, const float *residual, float *y, const map *out)
{
    const float *weights = c->weights;
    const tap *taps = c->taps;
    for (int first = 0; first < c->filters; first += c->block) {
        const int width = c->filters - first < c->block ? c->filters - first : c->block;
        const int count = c->counts == NULL ? c->count : (int)c->counts[first / c->block];
        for (int f = 0, lanes; f < width; f += lanes) {
            lanes = width - f >= LANES ? LANES : width - f >= 4 ? 4 : 1;
            const int filter = first + f;
            const filter_run run = {
                x, weights + f, c->bias + filter, residual == NULL ? NULL : residual + filter, taps, count, width, y + filter, c->low, c->high
            };
            compute_filters(c, &run, lanes, in, out);
        }
        weights += count * width;
        if (!c->shared) taps += count;
    }
}
