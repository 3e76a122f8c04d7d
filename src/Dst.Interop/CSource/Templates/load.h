
#define $WEIGHTS_BYTES @WEIGHTS_BYTES@u /* size of @NAME@.bin */

/*
 * Takes the weights: the content of @NAME@.bin. They are not copied, and have to stay where they are, at an address that is a multiple of
 * 8. Each context takes them once, before it predicts.
 * Returns 0; -1 if an argument is NULL or an address is not aligned; -2 if the bytes are no weights; -3 if they belong to another source;
 * -4 if some are missing or wrong. After a failure the context has no weights, and $predict returns -1.
 */
int $load($context *context, const void *weights, size_t bytes);
