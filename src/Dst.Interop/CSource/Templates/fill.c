/* The same value everywhere in a map. */
static void $fill(float value, float *y, const $map *out)
{
    for (int row = 0; row < out->height; row++) {
        for (int i = 0; i < out->width * out->channels; i++) y[row * out->pitch + i] = value;
    }
}
