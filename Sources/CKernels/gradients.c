#include "gradients.h"
#include "gemm.h"
#include "passes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CLONES
#endif
#pragma clang diagnostic ignored "-Wpsabi"

// Work of about this many elements is worth handing to another thread.
enum { PART = 16384 };
// Sums over many rows run in this many pieces at most, whatever the number of threads.
enum { PIECES = 64 };

static size_t grain(size_t elements_each) {
    return elements_each >= PART ? 1 : PART / (elements_each ? elements_each : 1);
}

static void *allocate(size_t bytes) {
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory) abort();
    return memory;
}

// exp for loops that the compiler vectorises: 2^k times a polynomial (Cephes' coefficients), 2 units in the last place.
static inline float exp_f32(float x) {
    x = x > 88.3f ? 88.3f : x < -87.3f ? -87.3f : x;
    const float shifted = x * 1.44269504f + 12582912.0f, k = shifted - 12582912.0f;
    const float r = (x - k * 0.693359375f) + k * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1;
    union { int32_t bits; float value; } power = {.bits = ((int32_t)k + 127) << 23};
    return p * power.value;
}
static inline double exp_f64(double x) { return exp(x); }
static inline float tanh_f32(float x) {
    // Near 0 the quotient would lose digits: there the series.
    const float square = x * x;
    const float series = x * (1 + square * (-1 / 3.0f + square * (2 / 15.0f - square * (17 / 315.0f))));
    const float quotient = 1 - 2 / (exp_f32(2 * x) + 1);
    return square < 0.01f ? series : quotient;
}
static inline double tanh_f64(double x) { return tanh(x); }
// Abramowitz and Stegun 7.1.26, off by at most 1.5e-7.
static inline float erf_f32(float x) {
    const float z = fabsf(x), t = 1 / (1 + 0.3275911f * z);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    return copysignf(1 - p * t * exp_f32(-z * z), x);
}
static inline double erf_f64(double x) { return erf(x); }

#define T float
#define N(name) name##_f32
#define ROOT sqrtf
#define LOG logf
#define ABS fabsf
#include "gradient_kernels.h"
#undef T
#undef N
#undef ROOT
#undef LOG
#undef ABS

#define T double
#define N(name) name##_f64
#define ROOT sqrt
#define LOG log
#define ABS fabs
#include "gradient_kernels.h"

// ---- Products in float64

// Four rows of a times a strip of 16 columns of b, both dense.
CLONES static void strip(size_t rows, size_t columns, size_t k, const double *a, const double *b, size_t n, double alpha,
                         bool accumulates, double *c) {
    if (rows == 4 && columns == 16) {
        double sums[4][16] = {{0}};
        for (size_t i = 0; i < k; i++)
            for (size_t r = 0; r < 4; r++)
                for (size_t j = 0; j < 16; j++) sums[r][j] += a[r * k + i] * b[i * n + j];
        for (size_t r = 0; r < 4; r++)
            for (size_t j = 0; j < 16; j++)
                c[r * n + j] = alpha * sums[r][j] + (accumulates ? c[r * n + j] : 0);
        return;
    }
    for (size_t r = 0; r < rows; r++) {
        double sums[16] = {0};
        for (size_t i = 0; i < k; i++)
            for (size_t j = 0; j < columns; j++) sums[j] += a[r * k + i] * b[i * n + j];
        for (size_t j = 0; j < columns; j++)
            c[r * n + j] = alpha * sums[j] + (accumulates ? c[r * n + j] : 0);
    }
}

struct product {
    size_t m, n, k;
    double alpha;
    const double *a, *b;
    bool accumulates;
    double *c;
};

static void product_part(void *context, size_t begin, size_t end) {
    const struct product *p = context;
    for (size_t band = begin; band < end; band++) {
        const size_t row = band * 4, rows = p->m - row < 4 ? p->m - row : 4;
        for (size_t column = 0; column < p->n; column += 16) {
            const size_t columns = p->n - column < 16 ? p->n - column : 16;
            strip(rows, columns, p->k, p->a + row * p->k, p->b + column, p->n, p->alpha, p->accumulates,
                  p->c + row * p->n + column);
        }
    }
}

// A dense copy of a matrix with other steps; itself if it is dense.
static const double *dense(const double *x, size_t rows, size_t columns, size_t row, size_t column, double **copy) {
    if (column == 1 && row == columns) return x;
    *copy = allocate(rows * columns * sizeof **copy);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) (*copy)[r * columns + c] = x[r * row + c * column];
    return *copy;
}

void ck_product_f64(size_t m, size_t n, size_t k, double alpha, const double *a, size_t a_row, size_t a_column,
                    const double *b, size_t b_row, size_t b_column, bool accumulates, double *c) {
    double *copy_a = NULL, *copy_b = NULL;
    struct product p = {m, n, k, alpha, dense(a, m, k, a_row, a_column, &copy_a),
                        dense(b, k, n, b_row, b_column, &copy_b), accumulates, c};
    ck_parallel((m + 3) / 4, grain(4 * n * k / 8), product_part, &p);
    free(copy_a);
    free(copy_b);
}
