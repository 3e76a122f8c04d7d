/* y = weight[channel] * (x - mean) / sqrt(variance + epsilon) + bias[channel], over the channels of each pixel. */
static void $layer_norm(
    const float *x, const $map *in, const float *weight, const float *bias, float epsilon, float *y, const $map *out)
{
    for (int row = 0; row < out->height; row++) {
        for (int column = 0; column < out->width; column++) {
            const float *const from = x + row * in->pitch + column * in->channels;
            float *const to = y + row * out->pitch + column * out->channels;
            float mean = 0.0f, variance = 0.0f;
            for (int c = 0; c < out->channels; c++) mean += from[c];
            mean /= (float)out->channels;
            for (int c = 0; c < out->channels; c++) variance += (from[c] - mean) * (from[c] - mean);
            const float scale = 1.0f / sqrtf(variance / (float)out->channels + epsilon);
            for (int c = 0; c < out->channels; c++) to[c] = weight[c] * ((from[c] - mean) * scale) + bias[c];
        }
    }
}
