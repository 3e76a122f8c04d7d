/* A map of bytes to channel planes, one after another. */
static void $write_planes_bytes(const uint8_t *x, const $map *m, uint8_t *planes)
{
    for (int c = 0; c < m->channels; c++) {
        for (int row = 0; row < m->height; row++) {
            for (int column = 0; column < m->width; column++) planes[(c * m->height + row) * m->width + column] = x[row * m->pitch + column * m->channels + c];
        }
    }
}
