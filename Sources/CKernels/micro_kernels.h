// The micro-kernels of gemm.c and convolution.c, compiled once for each instruction set, hence without a guard.
// Needs NAME(x), ROWS (that a micro-kernel computes at most: 8, 6 or 2) and VECTORS (of 16 outputs, at once).

typedef float NAME(v16) __attribute__((vector_size(64), aligned(64)));
#define V16 NAME(v16)

static inline V16 NAME(splat)(float x) { return x - (V16){}; }

// Sums of R rows, `row_step` apart, and N vectors of outputs, to tile[R][N]. The inputs of a row lie in `steps` runs
// that begin at the offsets.
#define MICRO_KERNEL(R, N)                                                                          \
    static void NAME(micro_##R##_##N)(const float *a, size_t row_step, const ptrdiff_t *offsets,    \
                                      size_t steps, size_t run, const float *b, size_t b_step,      \
                                      V16 *tile) {                                                  \
        V16 sum[R][N];                                                                              \
        for (int r = 0; r < R; r++)                                                                 \
            for (int n = 0; n < N; n++) sum[r][n] = NAME(splat)(0);                                 \
        for (size_t s = 0; s < steps; s++) {                                                        \
            const float *x = a + offsets[s];                                                        \
            _Pragma("clang loop unroll_count(4)") for (size_t k = 0; k < run; k++) {                \
                V16 w[N];                                                                           \
                for (int n = 0; n < N; n++) w[n] = *(const V16 *)(b + 16 * n);                      \
                for (int r = 0; r < R; r++) {                                                       \
                    const V16 v = NAME(splat)(x[(size_t)r * row_step + k]);                         \
                    for (int n = 0; n < N; n++) sum[r][n] += v * w[n];                              \
                }                                                                                   \
                b += b_step;                                                                        \
            }                                                                                       \
        }                                                                                           \
        for (int r = 0; r < R; r++)                                                                 \
            for (int n = 0; n < N; n++) tile[r * N + n] = sum[r][n];                                \
    }

typedef void (*NAME(micro))(const float *, size_t, const ptrdiff_t *, size_t, size_t, const float *, size_t, V16 *);
#define MICRO_KERNELS(R) MICRO_KERNEL(R, 1) MICRO_KERNEL(R, 2)
#define BOTH(R) {NAME(micro_##R##_1), NAME(micro_##R##_2)}
#if ROWS == 8
MICRO_KERNELS(1) MICRO_KERNELS(2) MICRO_KERNELS(3) MICRO_KERNELS(4)
MICRO_KERNELS(5) MICRO_KERNELS(6) MICRO_KERNELS(7) MICRO_KERNELS(8)
static const NAME(micro) NAME(micros)[ROWS][2] = {BOTH(1), BOTH(2), BOTH(3), BOTH(4),
                                                  BOTH(5), BOTH(6), BOTH(7), BOTH(8)};
#elif ROWS == 6
MICRO_KERNELS(1) MICRO_KERNELS(2) MICRO_KERNELS(3) MICRO_KERNELS(4) MICRO_KERNELS(5) MICRO_KERNELS(6)
static const NAME(micro) NAME(micros)[ROWS][2] = {BOTH(1), BOTH(2), BOTH(3), BOTH(4), BOTH(5), BOTH(6)};
#else
MICRO_KERNELS(1) MICRO_KERNELS(2)
static const NAME(micro) NAME(micros)[ROWS][2] = {BOTH(1), BOTH(2)};
#endif

