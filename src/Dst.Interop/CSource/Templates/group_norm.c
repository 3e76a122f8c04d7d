/* y = weight[channel] * (x - mean) / sqrt(variance + epsilon) + bias[channel] within its bounds, over all pixels of a group of channels. */
static void $group_norm(
    const float *x, const $map *in, int groups, const float *weight, const float *bias, float epsilon, float low, float high,
    float *y, const $map *out)
{
    const int size = out->channels / groups;
    const float count = (float)size * (float)out->height * (float)out->width;
    for (int first = 0; first < out->channels; first += size) {
        float mean = 0.0f, variance = 0.0f;
        for (int row = 0; row < out->height; row++) {
            float sum = 0.0f; /* of a row, so that few small values are added to a large one */
            for (int column = 0; column < out->width; column++) {
                const float *const from = x + row * in->pitch + column * in->channels + first;
                for (int c = 0; c < size; c++) sum += from[c];
            }
            mean += sum / count;
        }
        for (int row = 0; row < out->height; row++) {
            float sum = 0.0f;
            for (int column = 0; column < out->width; column++) {
                const float *const from = x + row * in->pitch + column * in->channels + first;
                for (int c = 0; c < size; c++) sum += (from[c] - mean) * (from[c] - mean);
            }
            variance += sum / count;
        }
        const float scale = 1.0f / sqrtf(variance + epsilon);
        for (int row = 0; row < out->height; row++) {
            for (int column = 0; column < out->width; column++) {
                const float *const from = x + row * in->pitch + column * in->channels + first;
                float *const to = y + row * out->pitch + column * out->channels + first;
                for (int c = 0; c < size; c++) {
                    const float sum = weight[first + c] * ((from[c] - mean) * scale) + bias[first + c];
                    to[c] = sum < low ? low : sum > high ? high : sum;
                }
            }
        }
    }
}
