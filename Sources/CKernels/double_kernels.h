// The micro-kernels of double.c, compiled once for each instruction set, hence without a guard.

typedef double NAME(v8) __attribute__((vector_size(64), aligned(64)));
#define V8 NAME(v8)

// R pixels and 16 outputs: sums of x[offset_s + 8 r + c] * b[s][c][16], stored by output.
#define MICRO_KERNEL(FUNCTION, R)                                                                   \
    static void FUNCTION(const double *x, const ptrdiff_t *offsets, size_t steps, const double *b,  \
                         double sums[][16]) {                                                       \
        V8 sum[R][2];                                                                               \
        for (int r = 0; r < R; r++) sum[r][0] = sum[r][1] = (V8){0};                                \
        for (size_t s = 0; s < steps; s++) {                                                        \
            const double *a = x + offsets[s];                                                       \
            for (size_t c = 0; c < 8; c++) {                                                        \
                const V8 low = *(const V8 *)b, high = *(const V8 *)(b + 8);                         \
                for (int r = 0; r < R; r++) {                                                       \
                    const V8 v = a[8 * r + c] - (V8){0};                                            \
                    sum[r][0] += v * low;                                                           \
                    sum[r][1] += v * high;                                                          \
                }                                                                                   \
                b += 16;                                                                            \
            }                                                                                       \
        }                                                                                           \
        for (int r = 0; r < R; r++) {                                                               \
            *(V8 *)sums[r] = sum[r][0];                                                             \
            *(V8 *)(sums[r] + 8) = sum[r][1];                                                       \
        }                                                                                           \
    }

MICRO_KERNEL(NAME(micro_full), ROWS)
MICRO_KERNEL(NAME(micro_half), ROWS / 2)
MICRO_KERNEL(NAME(micro_one), 1)

// Rows of panels of 16 outputs.
static void NAME(rows)(const struct convolution *g, size_t first, size_t last) {
    const size_t row = (g->w + 2) * 8, plane = (g->h + 2) * row, blocks = g->steps / 9;
    double sums[ROWS][16] __attribute__((aligned(64)));
    for (size_t i = first; i < last; i++) {
        const size_t down = i % g->h, n = i / g->h % g->samples, panel = i / g->h / g->samples;
        const double *x = g->x + n * blocks * plane + down * row;
        const double *b = g->packed + panel * g->steps * 8 * 16;
        for (size_t j = 0; j < g->w;) {
            const size_t left = g->w - j;
            const size_t count = left >= ROWS ? ROWS : left >= ROWS / 2 ? ROWS / 2 : 1;
            (count == ROWS ? NAME(micro_full) : count == 1 ? NAME(micro_one) : NAME(micro_half))(
                x + 8 * j, g->offsets, g->steps, b, sums);
            for (size_t o = 0; o < 16 && 16 * panel + o < g->outputs; o++) {
                const size_t output = 16 * panel + o;
                double *y = g->y + ((n * g->outputs + output) * g->h + down) * g->w + j;
                for (size_t r = 0; r < count; r++) y[r] = sums[r][o] + g->bias[output];
            }
            j += count;
        }
    }
}
#undef V8
#undef MICRO_KERNEL
