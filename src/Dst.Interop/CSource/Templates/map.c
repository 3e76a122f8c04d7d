/*
 * Values in the arena are maps in the order row, column, channel. Around a map that a padded convolution reads lies a border of
 * zeros; pointers point to the first value inside of it.
 */
typedef struct {
    int height, width, channels;
    int border; /* rows and columns of zeros on each side */
    int pitch;  /* floats from one row to the next */
} $map;
