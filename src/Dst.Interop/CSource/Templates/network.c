/* @NETWORK@, @INPUT@ to @OUTPUTS@ logits: C99 written by "dst export --format c". See README.md. */
#include "@NAME@.h"

#include <float.h>
#include <stddef.h>
@MATH@
@FUNCTIONS@
@CONSTANTS@
int @NAME@_predict(@NAME@_context *context, const float *input, float *logits)
{
    if (context == NULL || input == NULL || logits == NULL) return -1;
    float *const arena = context->arena;
@STATEMENTS@    return 0;
}
@NORMALISE@
