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

struct cast {
    const void *x;
    void *y;
};

CLONES static void widen(void *context, size_t begin, size_t end) {
    const struct cast *c = context;
    const float *x = c->x;
    double *y = c->y;
    for (size_t i = begin; i < end; i++) y[i] = x[i];
}

CLONES static void narrow(void *context, size_t begin, size_t end) {
    const struct cast *c = context;
    const double *x = c->x;
    float *y = c->y;
    for (size_t i = begin; i < end; i++) y[i] = (float)x[i];
}

void ck_widen(const float *x, double *y, size_t count) {
    struct cast c = {x, y};
    ck_parallel(count, PART, widen, &c);
}

void ck_narrow(const double *x, float *y, size_t count) {
    struct cast c = {x, y};
    ck_parallel(count, PART, narrow, &c);
}
