/* y = x / (bias + alpha * sum of x^2)^beta, the sum from `before` channels before this one to `after` behind it. */
static void $local_response_norm(
    const float *x, const $map *in, int before, int after, float alpha, float beta, float bias, float *y, const $map *out)
{
    for (int row = 0; row < out->height; row++) {
        for (int column = 0; column < out->width; column++) {
            const float *const from = x + row * in->pitch + column * in->channels;
            float *const to = y + row * out->pitch + column * out->channels;
            for (int c = 0; c < out->channels; c++) {
                const int first = c > before ? c - before : 0, end = c + after < in->channels ? c + after + 1 : in->channels;
                float sum = 0.0f;
                for (int j = first; j < end; j++) sum += from[j] * from[j];
                to[c] = from[c] * powf(bias + alpha * sum, -beta);
            }
        }
    }
}
