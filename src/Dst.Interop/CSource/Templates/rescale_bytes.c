/* Requantises bytes that are shifted up, and other bytes beside them if there are any, which lie like x. */
static void $rescale_bytes(
    const uint8_t *x, const $map *in, const uint8_t *second, int shift, const $requantisation *q, uint8_t *y, const $map *out)
{
    for (int row = 0; row < in->height; row++) {
        for (int column = 0; column < in->width; column++) {
            const int from = row * in->pitch + column * in->channels, to = row * out->pitch + column * out->channels;
            for (int c = 0; c < in->channels; c++) {
                const int64_t added = second == NULL ? 0 : $added(q, second[from + c]);
                y[to + c] = $requantise(q, q->count == 1 ? 0 : c, (int32_t)x[from + c] << shift, added);
            }
        }
    }
}
