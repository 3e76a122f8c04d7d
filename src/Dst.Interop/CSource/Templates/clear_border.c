/* Writes the zeros around a map. */
static void $clear_border(float *y, const $map *m)
{
    const int side = m->border * m->channels;
    for (int row = -m->border; row < m->height + m->border; row++) {
        float *const first = y + row * m->pitch;
        if (row < 0 || row >= m->height) {
            for (int i = -side; i < m->pitch - side; i++) first[i] = 0.0f;
        } else {
            for (int i = 0; i < side; i++) {
                first[i - side] = 0.0f;
                first[m->width * m->channels + i] = 0.0f;
            }
        }
    }
}
