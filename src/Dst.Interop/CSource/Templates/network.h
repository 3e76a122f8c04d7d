/* @NETWORK@, @INPUT@ to @OUTPUTS@ logits: C99 written by "dst export --format c". See README.md. */
#ifndef @MACRO@_H
#define @MACRO@_H

#ifdef __cplusplus
extern "C" {
#endif

#define @MACRO@_CHANNELS @CHANNELS@
#define @MACRO@_HEIGHT @HEIGHT@
#define @MACRO@_WIDTH @WIDTH@
#define @MACRO@_INPUTS @INPUTS@ /* floats of an image: CHANNELS * HEIGHT * WIDTH */
#define @MACRO@_OUTPUTS @OUTPUTS@ /* floats of the logits */
#define @MACRO@_ARENA_FLOATS @ARENA@
#define @MACRO@_ARENA_BYTES (@MACRO@_ARENA_FLOATS * 4)

/* All memory that a prediction writes besides its output and the stack. Each thread needs its own; nothing in it has to be kept or set. */
typedef struct {
    float arena[@MACRO@_ARENA_FLOATS];
} @NAME@_context;

/*
 * Computes the logits of one image.
 * input: [CHANNELS][HEIGHT][WIDTH], normalised@NORMALISED@; not changed.
 * logits: [OUTPUTS], which may not overlap the input. @OUTPUT_MEANING@.
 * Returns 0, or -1 if an argument is NULL.
 */
int @NAME@_predict(@NAME@_context *context, const float *input, float *logits);
@NORMALISE@
#ifdef __cplusplus
}
#endif

#endif
