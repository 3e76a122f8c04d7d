/* The place that is read at `place` of an axis: at the edge, or as far behind it if `reflects`. */
static int $inside(int place, int extent, int reflects)
{
    if (place < 0) return reflects ? -place : 0;
    if (place < extent) return place;
    return reflects ? 2 * (extent - 1) - place : extent - 1;
}

/* A map with rows and columns of its own values around it. */
static void $edge_pad(const float *x, const $map *in, int top, int left, int reflects, float *y, const $map *out)
{
    for (int row = 0; row < out->height; row++) {
        const float *const from = x + $inside(row - top, in->height, reflects) * in->pitch;
        for (int column = 0; column < out->width; column++) {
            const float *const pixel = from + $inside(column - left, in->width, reflects) * in->channels;
            float *const to = y + row * out->pitch + column * out->channels;
            for (int c = 0; c < out->channels; c++) to[c] = pixel[c];
        }
    }
}
