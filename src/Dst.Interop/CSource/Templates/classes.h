/* The classes of @NAME@.h in the order of its logits, in UTF-8. Written by "dst export --format c". */
#ifndef $CLASSES_H
#define $CLASSES_H

static const char *const $classes[@COUNT@] = {
@CLASS_STRINGS@};

#endif
