/* @NETWORK@, @INPUT@ to @OUTPUTS@ @KIND@: C99 written by "dst export --format c". See README.md. */
#include "@NAME@.h"

@MATH_INCLUDE@#include <stddef.h>
#include <stdint.h>

/* A compiler stops here if its float or int is too small. */
typedef char $check_float[sizeof(float) == 4 ? 1 : -1];
typedef char $check_int[sizeof(int) >= 4 ? 1 : -1];

#if !defined(__cplusplus)
#define $RESTRICT restrict
#elif defined(__GNUC__) || defined(_MSC_VER)
#define $RESTRICT __restrict
#else
#define $RESTRICT
#endif

/* gcc makes vectors of these loops at -O3 only, and they are where the time goes: so they are compiled like that at -O2 and -Os too. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#pragma GCC push_options
#pragma GCC optimize("O3")
#endif

/* Whether all values are numbers and not infinite. Their bits tell, because with -ffast-math a compiler takes that for granted. */
static int $is_finite(const float *x, int count)
{
    int others = 0;
    for (int i = 0; i < count; i++) {
        union { float number; uint32_t bits; } value;
        value.number = x[i];
        others |= (value.bits & 0x7f800000u) == 0x7f800000u;
    }
    return !others;
}

@FUNCTIONS@
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#pragma GCC pop_options
#endif

@CONSTANTS@@LOAD@
int $predict($context *context, const float *input, float *logits)
{
    if (context == NULL || input == NULL || logits == NULL || (uintptr_t)context % @ALIGNED@ != 0) return -1;
    if (((uintptr_t)input | (uintptr_t)logits) % sizeof(float) != 0) return -1;
@WEIGHTS@    if (!$is_finite(input, $INPUTS)) return -2;
    float *const arena = context->arena;
@STATEMENTS@    return $is_finite(logits, $OUTPUTS) ? 0 : -2;
}
@PREPARE@