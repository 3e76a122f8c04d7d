
/* What pixel k of `from` counts in pixel i of the `to` that are made of them: a triangle about the centre of i, in whole numbers. */
static int64_t $weight(int k, int i, int from, int to)
{
    const int64_t apart = (2 * (int64_t)k + 1) * to - (2 * (int64_t)i + 1) * from;
    const int64_t weight = 2 * (int64_t)(from > to ? from : to) - (apart < 0 ? -apart : apart);
    return weight > 0 ? weight : 0;
}

/* The pixels that may count in pixel i: from the first up to the end. */
static void $range(int i, int from, int to, int *first, int *end)
{
    const int64_t reach = 2 * (int64_t)(from > to ? from : to), centre = (2 * (int64_t)i + 1) * from, step = 2 * (int64_t)to;
    const int64_t begin = (centre - reach) / step, past = (centre + reach) / step + 1;
    *first = begin > 0 ? (int)begin : 0;
    *end = past < from ? (int)past : from;
}

/* A sample of the resized frame, of 16 bits; of 8 if the frame keeps its size. */
static int $sample(const $frame *f, int row, int column, int channel)
{
    if (f->full == 255) return f->bytes[(row * f->width + column) * f->channels + channel];
    int first_row, end_row, first, end;
    int64_t sum = 0, row_weights = 0, weights = 0;
    $range(row, f->height, f->rows, &first_row, &end_row);
    $range(column, f->width, f->columns, &first, &end);
    for (int x = first; x < end; x++) weights += $weight(x, column, f->width, f->columns);
    for (int y = first_row; y < end_row; y++) {
        const int64_t weight = $weight(y, row, f->height, f->rows);
        const unsigned char *const line = f->bytes + y * f->width * f->channels + channel;
        int64_t of_line = 0;
        for (int x = first; x < end; x++) of_line += $weight(x, column, f->width, f->columns) * line[x * f->channels];
        sum += weight * of_line;
        row_weights += weight;
    }
    return (int)((float)sum / ((float)row_weights * (float)weights) * 257.0f + 0.5f);
}
