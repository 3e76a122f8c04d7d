/* Channel planes, one after another, to a map. */
static void $read_planes(const float *planes, float *y, const $map *m)
{
    for (int row = 0; row < m->height; row++) {
        for (int column = 0; column < m->width; column++) {
            for (int c = 0; c < m->channels; c++) y[row * m->pitch + column * m->channels + c] = planes[(c * m->height + row) * m->width + column];
        }
    }
}
