
static int $sample(const $frame *f, int row, int column, int channel)
{
    return f->bytes[(row * f->width + column) * f->channels + channel];
}
