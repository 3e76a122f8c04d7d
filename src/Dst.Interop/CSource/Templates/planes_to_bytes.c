/* The bytes of channel planes of floats, one after another. */
static void $planes_to_bytes(const float *planes, float steps, int zero, uint8_t *y, const $map *m)
{
    for (int row = 0; row < m->height; row++) {
        for (int column = 0; column < m->width; column++) {
            uint8_t *const to = y + row * m->pitch + column * m->channels;
            for (int c = 0; c < m->channels; c++) to[c] = $to_byte(planes[(c * m->height + row) * m->width + column], steps, zero);
        }
    }
}
