/*
 * Checks $predict. Written by "dst export --format c".
 *   @NAME@_test: against logits of the runtime that the source was exported from.
 *   @NAME@_test INPUTS LOGITS: against logits of another program, in two NumPy files of 32-bit floats: [N, CHANNELS, HEIGHT, WIDTH] and
 *   [N, OUTPUTS].
 */
#include "@NAME@.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define IMAGES @IMAGES@
#define TOLERANCE @TOLERANCE@ /* of the largest logit of an image */

static const float expected[IMAGES][$OUTPUTS] = {
@EXPECTED@};

static float image[$INPUTS];
static $context context;
static float worst = 0.0f;      /* difference so far, as a share of the largest logit */
static unsigned int wrong = 0u; /* logits that differ by more than the tolerance */

/* Image n: numbers from -1 to 1 of a linear congruential generator. */
static void make_image(unsigned int n)
{
    unsigned int state = n + 1u;
    for (int i = 0; i < $INPUTS; i++) {
        state = (state * 1664525u + 1013904223u) & 0xffffffffu;
        image[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
}

static float distance(float a, float b) { return a < b ? b - a : a - b; }

/* Predicts the image and compares; returns whether it was predicted. */
static int compare(const float *logits_expected, unsigned int n)
{
    float logits[$OUTPUTS], largest = 0.0f;
    if ($predict(&context, image, logits) != 0) {
        printf("@NAME@: image %u was not predicted\n", n);
        return 0;
    }
    for (int i = 0; i < $OUTPUTS; i++) {
        if (distance(logits_expected[i], 0.0f) > largest) largest = distance(logits_expected[i], 0.0f);
    }
    for (int i = 0; i < $OUTPUTS; i++) {
        const float difference = distance(logits[i], logits_expected[i]);
        if (largest > 0.0f && difference / largest > worst) worst = difference / largest;
        if (difference <= TOLERANCE * largest) continue;
        if (wrong == 0u) printf("@NAME@: logit %d of image %u is %g; %g was expected\n", i, n, (double)logits[i], (double)logits_expected[i]);
        wrong++;
    }
    return 1;
}

/* Opens a NumPy file of version 1 at its first value; says what is wrong if it cannot. */
static FILE *open_values(const char *path)
{
    unsigned char start[10];
    FILE *const file = fopen(path, "rb");
    if (file == NULL) {
        printf("@NAME@: %s cannot be opened; a NumPy file was expected\n", path);
        return NULL;
    }
    if (fread(start, 1, 10, file) == 10 && memcmp(start, "\x93NUMPY\x01", 7) == 0 && fseek(file, start[8] + 256L * start[9], SEEK_CUR) == 0)
        return file;
    printf("@NAME@: %s is not a NumPy file of version 1, which was expected\n", path);
    fclose(file);
    return NULL;
}

/* Compares the images of two open files; returns how many they hold, or 0 if one fails. */
static unsigned int compare_files(FILE *inputs, FILE *logits)
{
    float logits_expected[$OUTPUTS];
    for (unsigned int n = 0;; n++) {
        const size_t of_image = fread(image, sizeof(float), $INPUTS, inputs);
        const size_t of_logits = fread(logits_expected, sizeof(float), $OUTPUTS, logits);
        if (n > 0u && of_image == 0 && of_logits == 0) return n;
        if (of_image != $INPUTS || of_logits != $OUTPUTS) {
            printf("@NAME@: image %u has %u inputs and %u logits; %d and %d were expected, in INPUTS and LOGITS\n",
                   n, (unsigned int)of_image, (unsigned int)of_logits, $INPUTS, $OUTPUTS);
            return 0;
        }
        if (!compare(logits_expected, n)) return 0;
    }
}

/* Checks the images of two files; returns how many they hold, or 0 if one fails. */
static unsigned int check_files(const char *inputs, const char *logits)
{
    FILE *const x = open_values(inputs), *const y = open_values(logits);
    const unsigned int images = x != NULL && y != NULL ? compare_files(x, y) : 0u;
    if (x != NULL) fclose(x);
    if (y != NULL) fclose(y);
    return images;
}

/* Checks the images of the generator, and the first one again at the end: nothing may be left over from others. */
static unsigned int check_images(void)
{
    for (unsigned int n = 0; n <= IMAGES; n++) {
        make_image(n % IMAGES);
        if (!compare(expected[n % IMAGES], n)) return 0;
    }
    return IMAGES;
}

@LOAD@int main(int argc, char **argv)
{
    if (argc != 1 && argc != 3) {
        printf("usage: @NAME@_test [INPUTS LOGITS]: no file or two were expected, and there are %d\n", argc - 1);
        return 2;
    }
@LOADED@    const unsigned int images = argc == 3 ? check_files(argv[1], argv[2]) : check_images();
    if (images == 0) return 1;
    if (wrong > 0u) {
        printf("@NAME@: %u logits of %u images are wrong, differences up to %.1e of the largest logit; at most %.0e was expected\n",
               wrong, images, (double)worst, (double)TOLERANCE);
        return 1;
    }
    printf("@NAME@: %u images, differences up to %.1e of the largest logit: ok\n", images, (double)worst);
    return 0;
}
