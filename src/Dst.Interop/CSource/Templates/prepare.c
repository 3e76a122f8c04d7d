
/* A frame [height][width][channels] of bytes, the size to which it is resized, and the largest sample of what comes out. */
typedef struct {
    const unsigned char *bytes;
    int height, width, channels, rows, columns, full;
} $frame;
@SAMPLE@
/* A value of the image before it is normalised. */
static int $pixel(const $frame *f, int row, int column, int channel)
{
@LUMA@    return $sample(f, row, column, f->channels == 1 ? 0 : channel);
}

/* Where a window about the centre of an extent begins: before the extent if the window is larger. */
static int $begin(int extent, int window)
{
    return extent >= window ? (extent - window) / 2 : -((window - extent + 1) / 2);
}

int $prepare(const unsigned char *frame, int height, int width, int channels, float *image)
{
    if (frame == NULL || image == NULL || (uintptr_t)image % sizeof(float) != 0) return -1;
    if (height < 1 || height > $FRAME_SIDE || width < 1 || width > $FRAME_SIDE || !(@TAKES@)) return -1;
    $frame f = { frame, height, width, channels, height, width, 255 };
@SIZE@    const int top = $begin(rows, $HEIGHT), left = $begin(columns, $WIDTH);
    const int first_row = $begin(f.rows, rows), first_column = $begin(f.columns, columns);
    for (int y = 0; y < $HEIGHT; y++) {
        for (int x = 0; x < $WIDTH; x++) {
            const int row = y + top, column = x + left, inside = row >= 0 && row < rows && column >= 0 && column < columns;
            for (int c = 0; c < $CHANNELS; c++) {
                const int value = inside ? $pixel(&f, row + first_row, column + first_column, c) : 0;
                image[(c * $HEIGHT + y) * $WIDTH + x] = (float)value / (float)f.full;
            }
        }
    }
    $normalise(image);
    return 0;
}
