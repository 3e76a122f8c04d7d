/* Checks @NAME@_predict against logits of the runtime that the source was exported from. */
#include "@NAME@.h"

#include <stdio.h>

#define IMAGES @IMAGES@
#define TOLERANCE 1e-4f /* of the largest logit of an image */

static const float expected[IMAGES][@MACRO@_OUTPUTS] = {
@EXPECTED@};

static float image[@MACRO@_INPUTS];
static @NAME@_context context;

/* Image n: numbers from -1 to 1 of a linear congruential generator. */
static void make_image(unsigned int n)
{
    unsigned int state = n + 1u;
    for (int i = 0; i < @MACRO@_INPUTS; i++) {
        state = (state * 1664525u + 1013904223u) & 0xffffffffu;
        image[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
}

static float distance(float a, float b) { return a < b ? b - a : a - b; }

int main(void)
{
    float worst = 0.0f;
    /* The first image again at the end: nothing may be left over from others. */
    for (unsigned int n = 0; n <= IMAGES; n++) {
        const float *const logits_expected = expected[n % IMAGES];
        float logits[@MACRO@_OUTPUTS], largest = 0.0f;
        make_image(n % IMAGES);
        if (@NAME@_predict(&context, image, logits) != 0) return 1;
        for (int i = 0; i < @MACRO@_OUTPUTS; i++) {
            if (distance(logits_expected[i], 0.0f) > largest) largest = distance(logits_expected[i], 0.0f);
        }
        for (int i = 0; i < @MACRO@_OUTPUTS; i++) {
            const float difference = distance(logits[i], logits_expected[i]);
            if (!(difference <= TOLERANCE * largest)) {
                printf("@NAME@: logit %d of image %u is %g; %g was expected\n", i, n, (double)logits[i], (double)logits_expected[i]);
                return 1;
            }
            if (largest > 0.0f && difference / largest > worst) worst = difference / largest;
        }
    }
    printf("@NAME@: %d images, differences up to %.1e of the largest logit: ok\n", IMAGES, (double)worst);
    return 0;
}
