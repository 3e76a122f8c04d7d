/* e^x, divided by the sum over the channels of a map of one pixel. */
static void $softmax(const float *x, const $map *in, float *y)
{
    float largest = x[0], sum = 0.0f;
    for (int c = 1; c < in->channels; c++) largest = x[c] > largest ? x[c] : largest;
    for (int c = 0; c < in->channels; c++) {
        y[c] = expf(x[c] - largest);
        sum += y[c];
    }
    for (int c = 0; c < in->channels; c++) y[c] /= sum;
}
