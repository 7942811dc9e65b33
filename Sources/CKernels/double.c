#include "double.h"
#include "blocked.h"
#include "passes.h"

#include <string.h>

enum { MAX_STEPS = 9 * 512 };

struct convolution {
    const double *x;  // [samples][blocks][h + 2][w + 2][8] with a border of zeros
    const double *packed, *bias;
    double *y;
    size_t samples, outputs, h, w, steps;
    ptrdiff_t offsets[MAX_STEPS];
};

#pragma STDC FP_CONTRACT ON
// Vectors are passed between functions of this file only, so that their calling convention does not matter.
#pragma clang diagnostic ignored "-Wpsabi"
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))), \
                             apply_to = function)
#define NAME(x) avx512_double_##x
#define ROWS 8
#include "double_kernels.h"
#pragma clang attribute pop
#undef NAME
#undef ROWS
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define NAME(x) avx2_double_##x
#define ROWS 2
#include "double_kernels.h"
#pragma clang attribute pop
#undef NAME
#undef ROWS
#endif
#define NAME(x) portable_double_##x
#define ROWS 2
#include "double_kernels.h"

static void rows(void *context, size_t first, size_t last) {
    switch (ck_vector_bytes()) {
#if defined(__x86_64__)
        case 64: avx512_double_rows(context, first, last); return;
        case 32: avx2_double_rows(context, first, last); return;
#endif
        default: portable_double_rows(context, first, last);
    }
}

static size_t blocks_of(size_t channels) { return (channels + 7) / 8; }
static size_t panels_of(size_t outputs) { return (outputs + 15) / 16; }

size_t ck_double_packed(size_t outputs, size_t inputs) {
    return panels_of(outputs) * 9 * blocks_of(inputs) * 8 * 16;
}

void ck_double_pack(const double *w, size_t outputs, size_t inputs, double *packed) {
    for (size_t p = 0; p < panels_of(outputs); p++)
        for (size_t tap = 0; tap < 9; tap++)
            for (size_t i = 0; i < blocks_of(inputs) * 8; i++)
                for (size_t o = 16 * p; o < 16 * p + 16; o++)
                    *packed++ = o < outputs && i < inputs ? w[(o * inputs + i) * 9 + tap] : 0;
}

size_t ck_double_scratch(size_t samples, size_t inputs, size_t h, size_t w) {
    return samples * blocks_of(inputs) * (h + 2) * (w + 2) * 8;
}

void ck_double_convolve(const double *x, const double *packed, const double *bias, double *y, size_t samples,
                        size_t inputs, size_t outputs, size_t h, size_t w, double *scratch) {
    const size_t row = (w + 2) * 8, plane = (h + 2) * row, blocks = blocks_of(inputs);
    memset(scratch, 0, ck_double_scratch(samples, inputs, h, w) * sizeof *scratch);
    for (size_t n = 0; n < samples; n++)
        for (size_t c = 0; c < inputs; c++)
            for (size_t i = 0; i < h; i++)
                for (size_t j = 0; j < w; j++)
                    scratch[(n * blocks + c / 8) * plane + (i + 1) * row + (j + 1) * 8 + c % 8] =
                        x[((n * inputs + c) * h + i) * w + j];
    struct convolution g = {.x = scratch, .packed = packed, .bias = bias, .y = y, .samples = samples,
                            .outputs = outputs, .h = h, .w = w, .steps = 9 * blocks};
    for (size_t tap = 0; tap < 9; tap++)
        for (size_t b = 0; b < blocks; b++)
            g.offsets[tap * blocks + b] = (ptrdiff_t)(b * plane + tap / 3 * row + tap % 3 * 8);
    ck_parallel(panels_of(outputs) * samples * h, 8, rows, &g);
}
