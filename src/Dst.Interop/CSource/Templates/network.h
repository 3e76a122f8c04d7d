/* @NETWORK@, @INPUT@ to @OUTPUTS@ @KIND@: C99 written by "dst export --format c". See README.md. */
#ifndef $H
#define $H
@INCLUDES@
#ifdef __cplusplus
extern "C" {
#endif

#define $CHANNELS @CHANNELS@
#define $HEIGHT @HEIGHT@
#define $WIDTH @WIDTH@
#define $INPUTS @INPUTS@ /* floats of an image: CHANNELS * HEIGHT * WIDTH */
#define $OUTPUTS @OUTPUTS@ /* floats of the @KIND@ */
#define $ARENA_FLOATS @ARENA@
#define $ARENA_BYTES ($ARENA_FLOATS * 4)

/* All memory that a prediction writes besides its output and the stack. Each thread needs its own; @KEPT@ */
typedef struct {
    float arena[$ARENA_FLOATS];
@FIELDS@} $context;
@LOAD@
/*
 * Computes the @KIND@ of one image.
 * input: [CHANNELS][HEIGHT][WIDTH], normalised@NORMALISED@; not changed.
 * logits: [OUTPUTS], which may not overlap the input. The output is @OUTPUT_MEANING@.
 * Returns 0; -1 if an argument is NULL@UNLOADED@, the address of the context is no multiple of @ALIGNMENT@, or another address is no
 * multiple of 4; -2 if an input or a logit is infinite or no number, and then the logits mean nothing.
 */
int $predict($context *context, const float *input, float *logits);
@PREPARE@
#ifdef __cplusplus
}
#endif

#endif
