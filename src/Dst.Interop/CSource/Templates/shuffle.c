/* Channel g * (channels / groups) + i becomes channel i * groups + g. */
static void $shuffle(const float *x, const $map *in, int groups, float *y, const $map *out)
{
    const int members = in->channels / groups;
    for (int row = 0; row < in->height; row++) {
        for (int column = 0; column < in->width; column++) {
            const float *const from = x + row * in->pitch + column * in->channels;
            float *const to = y + row * out->pitch + column * out->channels;
            for (int c = 0; c < in->channels; c++) to[(c % members) * groups + c / members] = from[c];
        }
    }
}
