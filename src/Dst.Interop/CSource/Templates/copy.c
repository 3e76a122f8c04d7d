/* Some channels of x to some of y, in maps of equal height and width. */
static void $copy(const float *x, const $map *in, int channels, float *y, const $map *out)
{
    for (int row = 0; row < in->height; row++) {
        for (int column = 0; column < in->width; column++) {
            for (int c = 0; c < channels; c++) y[row * out->pitch + column * out->channels + c] = x[row * in->pitch + column * in->channels + c];
        }
    }
}
