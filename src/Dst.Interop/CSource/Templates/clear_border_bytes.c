/* Writes the bytes of 0 around a map. */
static void $clear_border_bytes(uint8_t *y, const $map *m, uint8_t zero)
{
    const int side = m->border * m->channels;
    for (int row = -m->border; row < m->height + m->border; row++) {
        uint8_t *const first = y + row * m->pitch;
        if (row < 0 || row >= m->height) {
            for (int i = -side; i < m->pitch - side; i++) first[i] = zero;
        } else {
            for (int i = 0; i < side; i++) {
                first[i - side] = zero;
                first[m->width * m->channels + i] = zero;
            }
        }
    }
}
