#include "search.h"
#include "blocked.h"
#include "passes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// How far ahead of the present row others are fetched: lines of 64 bytes, at least one row, and rows of which only the
// first line is. Numbers of a line.
enum { LINES_AHEAD = 128, ROWS_AHEAD = 16, LINE_NUMBERS = 32 };
// Numbers of a rotation, and of the query that a table speaks for.
enum { ROTATED = 32, HALF_BYTE = 4 };

struct scan {
    const struct ck_descriptors *of;
    const struct ck_query *query;
    const uint32_t *rows;  // or null for all
    float *scores;
};

struct sketch_scan {
    const uint8_t *sketch;
    size_t block_bytes;
    const uint32_t *bytes;  // of a row that count
    const uint8_t *tables;  // [byte_count][2][16]
    size_t byte_count;
    float step, base;
    float *scores;
};

// IEEE 754 binary16 to binary32.
static inline float widened(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16, rest = half & 0x7fff;
    union { uint32_t bits; float value; } x;
    if (rest >= 0x7c00) {
        x.bits = sign | 0x7f800000 | (rest & 0x3ff) << 13;
    } else {
        // Times 2^112: the exponent's bias changes, and subnormal numbers become normal.
        x.bits = rest << 13;
        x.value *= 0x1p112f;
        x.bits |= sign;
    }
    return x.value;
}

// To nearest, ties to even; what is too large becomes infinite.
static inline uint16_t halved(float value) {
    union { float value; uint32_t bits; } x = {.value = value};
    const uint16_t sign = (uint16_t)(x.bits >> 16 & 0x8000);
    x.bits &= 0x7fffffff;
    if (x.bits > 0x7f800000) return sign | 0x7e00;
    if (x.value >= 65520) return sign | 0x7c00;
    if (x.value < 0x1p-14f) return sign | (uint16_t)lrintf(x.value * 0x1p24f);
    const uint32_t odd = x.bits >> 13 & 1;
    return sign | (uint16_t)((x.bits - (112u << 23) + 0xfff + odd) >> 13);
}

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma,f16c"))), \
                             apply_to = function)
#define NAME(x) avx512_search_##x
#define LANES 16
#include "search_kernels.h"
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define NAME(x) avx2_search_##x
#define LANES 8
#include "search_kernels.h"
#pragma clang attribute pop
#endif
#define NAME(x) portable_search_##x
#define LANES 1
#include "search_kernels.h"

#if defined(__x86_64__)
#define CALL(FUNCTION, ...)                                                \
    switch (ck_vector_bytes()) {                                           \
        case 64: avx512_search_##FUNCTION(__VA_ARGS__); break;             \
        case 32: avx2_search_##FUNCTION(__VA_ARGS__); break;               \
        default: portable_search_##FUNCTION(__VA_ARGS__);                  \
    }
#else
#define CALL(FUNCTION, ...) portable_search_##FUNCTION(__VA_ARGS__)
#endif

void ck_halve(const float *x, size_t count, uint16_t *y) { CALL(halve, x, count, y); }

void ck_widen(const uint16_t *x, size_t count, float *y) { CALL(widen, x, count, y); }

size_t ck_between(const float *x, size_t count, float low, float high, uint32_t *places) {
    size_t found = 0;
    CALL(between, x, count, low, high, places, &found);
    return found;
}

// --- Exact scans

static void scan_part(void *context, size_t first, size_t last) {
    const struct scan *s = context;
    CALL(rows, s, first, last);
}

// Rows that are worth handing to another thread.
static size_t rows_grain(const struct ck_descriptors *of, const struct ck_query *query) {
    const size_t each = query->group_count * of->width;
    return each ? 1 + (1 << 18) / each : 1 << 18;
}

void ck_scan_rows(const struct ck_descriptors *of, const struct ck_query *query, const uint32_t *rows,
                  size_t row_count, float *scores) {
    struct scan s = {of, query, rows, scores};
    if (!query->group_count) memset(scores, 0, row_count * sizeof(float));
    else if (row_count) ck_parallel(row_count, rows_grain(of, query), scan_part, &s);
}

void ck_scan(const struct ck_descriptors *of, const struct ck_query *query, float *scores) {
    ck_scan_rows(of, query, NULL, of->count, scores);
}

// --- Sketches

// Which of 32 numbers are negated first: a fixed draw. Without it a vector of equal numbers would end in one.
static const uint32_t NEGATED = 0x5be1a6c9;

static void rotate(float x[ROTATED]) {
    for (size_t i = 0; i < ROTATED; i++) x[i] = NEGATED >> i & 1 ? -x[i] : x[i];
    for (size_t half = 1; half < ROTATED; half *= 2)
        for (size_t start = 0; start < ROTATED; start += 2 * half)
            for (size_t i = start; i < start + half; i++) {
                const float sum = x[i] + x[i + half], difference = x[i] - x[i + half];
                x[i] = sum;
                x[i + half] = difference;
            }
    for (size_t i = 0; i < ROTATED; i++) x[i] *= 0.17677669529663687f;
}

void ck_rotate(float *x, size_t count) {
    for (size_t i = 0; i < count; i += ROTATED) rotate(x + i);
}

size_t ck_sketch_bytes(size_t count, size_t groups, size_t width) {
    return (count + CK_SKETCH_ROWS - 1) / CK_SKETCH_ROWS * CK_SKETCH_ROWS * (groups * width / 8);
}

void ck_sketch(const struct ck_descriptors *of, size_t first, size_t last, uint8_t *sketch) {
    const size_t size = of->groups * of->width, block_bytes = size / 8 * CK_SKETCH_ROWS;
    float x[ROTATED];
    for (size_t row = first; row < last; row++) {
        uint8_t *to = sketch + row / CK_SKETCH_ROWS * block_bytes + row % CK_SKETCH_ROWS;
        for (size_t start = 0; start < size; start += ROTATED) {
            ck_widen(of->rows + row * size + start, ROTATED, x);
            rotate(x);
            for (size_t byte = 0; byte < ROTATED / 8; byte++) {
                uint8_t bits = 0;
                for (size_t i = 0; i < 8; i++) bits |= (uint8_t)(x[8 * byte + i] > 0) << i;
                to[(start / 8 + byte) * CK_SKETCH_ROWS] = bits;
            }
        }
    }
}

static void sketch_part(void *context, size_t first, size_t last) {
    const struct sketch_scan *s = context;
    CALL(blocks, s, first, last);
}

void ck_scan_sketch(const uint8_t *sketch, size_t count, size_t groups, size_t width, const struct ck_query *query,
                    float *scores) {
    const size_t byte_count = query->group_count * width / 8;
    const size_t blocks = (count + CK_SKETCH_ROWS - 1) / CK_SKETCH_ROWS;
    if (!blocks) return;
    float *rotated = ck_aligned(query->group_count * width + 1);
    uint8_t *tables = (uint8_t *)ck_aligned(8 * (byte_count + 1));
    uint32_t *bytes = (uint32_t *)ck_aligned(byte_count + 1);
    float most = 0;
    for (size_t g = 0; g < query->group_count; g++) {
        memcpy(rotated + g * width, query->values + query->groups[g] * width, width * sizeof(float));
        for (size_t i = 0; i < width / 8; i++) bytes[g * width / 8 + i] = (uint32_t)(query->groups[g] * width / 8 + i);
    }
    ck_rotate(rotated, query->group_count * width);
    for (size_t i = 0; i < 2 * byte_count; i++) {
        float range = 0;
        for (size_t j = 0; j < HALF_BYTE; j++) range += fabsf(rotated[HALF_BYTE * i + j]);
        most = fmaxf(most, range);
    }
    // An entry of 0 stands for -most, one of 127 for most.
    const float step = most > 0 ? 2 * most / 127 : 1;
    for (size_t i = 0; i < 2 * byte_count; i++)
        for (size_t bits = 0; bits < 16; bits++) {
            float sum = 0;
            for (size_t j = 0; j < HALF_BYTE; j++)
                sum += bits >> j & 1 ? rotated[HALF_BYTE * i + j] : -rotated[HALF_BYTE * i + j];
            tables[16 * i + bits] = (uint8_t)lrintf((sum + most) / step);
        }
    struct sketch_scan s = {sketch, groups * width / 8 * CK_SKETCH_ROWS, bytes, tables, byte_count, step,
                            -most * 2 * (float)byte_count, scores};
    ck_parallel(blocks, 1 + (1 << 12) / (byte_count + 1), sketch_part, &s);
    free(rotated);
    free(tables);
    free(bytes);
}
