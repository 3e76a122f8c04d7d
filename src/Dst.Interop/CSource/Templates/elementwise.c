/* @MEANING@ */
static void $@NAME@(const float *x, const $map *in@PARAMETERS@, float *y, const $map *out)
{
    for (int row = 0; row < out->height; row++) {
        for (int column = 0; column < out->width; column++) {
            const float *const from = x + row * in->pitch + column * in->channels;
            float *const to = y + row * out->pitch + column * out->channels;
            for (int c = 0; c < out->channels; c++) {
                const float v = from[c];
                @STATEMENT@
            }
        }
    }
}
