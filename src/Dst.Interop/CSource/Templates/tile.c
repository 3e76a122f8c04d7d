/*
 * LANES filters are computed together, one for each lane of the target's vectors, at PIXELS pixels that share each load of their
 * weights: as many sums as stay in registers. Without vectors the loops over both are unrolled into scalar registers.
 */
#if defined(__AVX512F__)
#define $LANES 16
#define $PIXELS 8
#elif defined(__AVX__)
#define $LANES 16
#define $PIXELS 6
#elif defined(__SSE2__) || defined(__ARM_NEON)
#define $LANES 8
#define $PIXELS 6
#else
#define $LANES 4
#define $PIXELS 4
#define $NO_VECTORS
#endif

/*
 * gcc would unroll short loops over lanes before it could turn them into vectors: only what is left of them may be unrolled. clang
 * would rather make vectors of the pixels, and unrolls no loop over lanes at -Os.
 */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* a loop over one pixel need not be unrolled */
#define $LANE_LOOP _Pragma("clang loop unroll(full)")
#define $PIXEL_LOOP _Pragma("clang loop vectorize(disable) unroll(full)")
#elif !defined(__GNUC__)
#define $LANE_LOOP
#define $PIXEL_LOOP
#elif defined($NO_VECTORS)
#define $LANE_LOOP _Pragma("GCC unroll 4")
#define $PIXEL_LOOP
#else
#define $LANE_LOOP _Pragma("GCC unroll 3")
#define $PIXEL_LOOP
#endif

/* Each inner loop is a function of its own, in which lanes and pixels are constants: so the compiler keeps the sums in registers. */
#if defined(__GNUC__)
#define $INLINE static inline __attribute__((always_inline))
#define $NOINLINE static __attribute__((noinline))
#else
#define $INLINE static inline
#define $NOINLINE static
#endif
