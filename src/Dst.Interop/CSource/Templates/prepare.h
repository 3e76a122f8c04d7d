
#define $FRAME_SIDE 4096 /* most rows and most columns of a frame */

/*
 * Makes the image of a frame, as in training: resized, cropped or padded about its centre, and normalised.
 * frame: [height][width][channels], samples of 8 bits; @FRAME@.
 * image: [CHANNELS][HEIGHT][WIDTH], for $predict.
 * Returns 0; -1 if an argument is NULL, the address of the image is no multiple of 4, a side is not from 1 to FRAME_SIDE, or channels is
 * another number.
 */
int $prepare(const unsigned char *frame, int height, int width, int channels, float *image);

/* Normalises an image [CHANNELS][HEIGHT][WIDTH] of other samples in place, as in training; README.md says which values it takes. */
void $normalise(float *image);
