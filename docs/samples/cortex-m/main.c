/* Predicts the first image of chips_test.c and prints the logits, as the hexadecimal digits of their 32 bits, and the cycles. */
#include "cortex_m.h"
#include "chips.h"

#include <string.h>

static chips_context context;
static float image[CHIPS_INPUTS], logits[CHIPS_OUTPUTS];

static void print_hexadecimal(const char *name, uint32_t value)
{
    char digits[] = "00000000\n";
    for (int i = 0; i < 8; i++) digits[i] = "0123456789abcdef"[value >> (28 - 4 * i) & 15u];
    board_print(name);
    board_print(digits);
}

int main(void)
{
    uint32_t state = 1u;
    for (int i = 0; i < CHIPS_INPUTS; i++) {
        state = state * 1664525u + 1013904223u;
        image[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
    const uint64_t begin = board_cycles();
    const int status = chips_predict(&context, image, logits);
    const uint64_t cycles = board_cycles() - begin;
    if (status != 0) return 1;
    for (int i = 0; i < CHIPS_OUTPUTS; i++) {
        uint32_t bits;
        memcpy(&bits, &logits[i], sizeof bits);
        print_hexadecimal("logit ", bits);
    }
    print_hexadecimal("cycles ", (uint32_t)cycles);
    return 0;
}
