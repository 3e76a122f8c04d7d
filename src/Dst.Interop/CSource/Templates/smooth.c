
/* One step of the filter [1 2 1] / 4 along some values, with repeated ends. */
static void $smooth_line(float *values, int count, int step)
{
    float before = values[0];
    for (int i = 0; i < count; i++) {
        float *const value = values + i * step;
        const float here = *value, next = i + 1 < count ? value[step] : here;
        *value = 0.25f * (before + next) + 0.5f * here;
        before = here;
    }
}

static void $smooth(float *image)
{
    for (int c = 0; c < $CHANNELS; c++) {
        float *const plane = image + c * $HEIGHT * $WIDTH;
        for (int y = 0; y < $HEIGHT; y++) $smooth_line(plane + y * $WIDTH, $WIDTH, 1);
        for (int x = 0; x < $WIDTH; x++) $smooth_line(plane + x, $HEIGHT, $WIDTH);
    }
}
