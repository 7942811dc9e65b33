#include "convolution.h"
#include "passes.h"
#include "products.h"

#include <stdlib.h>

enum { LINE = 16 };

// Keeps an array in memory: held in registers it would be spilled to a stack that is not aligned to lines.
#define KEEP(array) __asm__ volatile("" : : "r"(array) : "memory")

struct direct {
    struct ck_map x, y;
    struct ck_layer layer;
    size_t steps;
    ptrdiff_t offsets[9 * CK_MAX_BLOCKS];
};

struct down {
    struct ck_map x, y;
    struct ck_layer layer;
    size_t across, tiles, begin, end;  // tiles of a row, of a sample; those at work
    float *v, *m;
    size_t v_base[WEIGHTS], m_base[WEIGHTS];  // where the products of each of the 36 weights begin
};

struct rows {
    struct ck_map x, kept, y, normed;
    const float *gate, *scale, *shift;
    float *means;
    size_t stride;
};

// Between which inputs an output lies when the corners keep their places.
struct place {
    size_t first, second;
    float weight;
};

static struct place place_of(size_t output, size_t inputs, size_t outputs) {
    const float step = outputs > 1 ? (float)(inputs - 1) / (float)(outputs - 1) : 0;
    const float centre = (float)output * step;
    const size_t first = (size_t)centre < inputs - 1 ? (size_t)centre : inputs - 1;
    const size_t second = first + 1 < inputs ? first + 1 : first;
    return (struct place){first, second, second > first ? centre - (float)first : 0};
}

#pragma STDC FP_CONTRACT ON
// Vectors are passed between functions of this file only, so that their calling convention does not matter.
#pragma clang diagnostic ignored "-Wpsabi"
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))), \
                             apply_to = function)
#define NAME(x) avx512_convolution_##x
#define ROWS 8
#define VECTORS 2
#include "micro_kernels.h"
#include "convolution_kernels.h"
#include "micro_kernels_end.h"
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define NAME(x) avx2_convolution_##x
#define ROWS 6
#define VECTORS 1
#include "micro_kernels.h"
#include "convolution_kernels.h"
#include "micro_kernels_end.h"
#pragma clang attribute pop
#endif
#define NAME(x) portable_convolution_##x
#define ROWS 2
#define VECTORS 1
#include "micro_kernels.h"
#include "convolution_kernels.h"
#include "micro_kernels_end.h"

#if defined(__x86_64__)
#define CALL(FUNCTION, ...)                                                 \
    switch (ck_vector_bytes()) {                                            \
        case 64: avx512_convolution_##FUNCTION(__VA_ARGS__); break;         \
        case 32: avx2_convolution_##FUNCTION(__VA_ARGS__); break;           \
        default: portable_convolution_##FUNCTION(__VA_ARGS__);              \
    }
#else
#define CALL(FUNCTION, ...) portable_convolution_##FUNCTION(__VA_ARGS__)
#endif
#define PART(FUNCTION) \
    static void FUNCTION##_part(void *context, size_t first, size_t last) { CALL(FUNCTION, context, first, last); }
PART(direct_rows)
PART(down_input)
PART(down_products)
PART(down_output)
PART(affine_rows)
PART(mean_planes)
PART(gated_rows)
PART(resized_rows)

void ck_convolve(const struct ck_map *x, const struct ck_layer *layer, struct ck_map *y) {
    const size_t row = (x->width + 2) * LINE, block = (x->height + 2) * row, side = layer->kernel;
    struct direct *d = malloc(sizeof *d);
    if (!d) abort();
    d->x = *x;
    d->y = *y;
    d->layer = *layer;
    d->steps = side * side * x->blocks;
    for (size_t tap = 0; tap < side * side; tap++)
        for (size_t b = 0; b < x->blocks; b++) {
            const size_t down = tap / side + (side == 1), across = tap % side + (side == 1);
            d->offsets[tap * x->blocks + b] = (ptrdiff_t)(b * block + down * row + across * LINE);
        }
    const size_t each = d->steps * LINE * 2 * LINE * y->width;
    ck_parallel((y->blocks + 1) / 2 * y->samples * y->height, each < 1 << 20 ? (1 << 20) / each + 1 : 1,
                direct_rows_part, d);
    free(d);
}

struct packing {
    const float *w;
    size_t outputs, inputs;
    float *packed;
};

static size_t blocks_of(size_t channels) { return (channels + LINE - 1) / LINE; }

static void pack_part(void *context, size_t first, size_t last) {
    const struct packing *p = context;
    const size_t out_blocks = blocks_of(p->outputs), reduction = blocks_of(p->inputs) * LINE;
    float taps[9 * LINE] __attribute__((aligned(64)));
    for (size_t k = first; k < last; k++) {
        const size_t width = k / 2 * 2 + 2 <= out_blocks ? 2 * LINE : LINE;
        for (size_t i = 0; i < reduction; i++) {
            for (size_t t = 0; t < 9; t++)
                for (size_t o = 0; o < LINE; o++) {
                    const bool is_there = k * LINE + o < p->outputs && i < p->inputs;
                    taps[t * LINE + o] = is_there ? p->w[((k * LINE + o) * p->inputs + i) * 9 + t] : 0;
                }
            float *to = p->packed + k / 2 * reduction * 2 * LINE + i * width + k % 2 * LINE;
            CALL(down_weights, taps, to, reduction * out_blocks * LINE);
        }
    }
}

void ck_pack_winograd_down(const float *w, size_t outputs, size_t inputs, float *packed) {
    struct packing p = {w, outputs, inputs, packed};
    ck_parallel(blocks_of(outputs), 1, pack_part, &p);
}

// Tiles whose products all threads share: the fewer chunks, the less often the weights are read.
static const size_t SHARED_TILES = 24 << 20;
// Lines between the points, so that they do not meet in the same sets of the caches.
enum { V_GAP = 3 * LINE, M_GAP = 5 * LINE };

static size_t chunk_of(const struct ck_map *x, const struct ck_map *y) {
    const size_t all = y->samples * ((y->height + 3) / 4) * ((y->width + 3) / 4);
    const size_t fit = SHARED_TILES / (PRODUCTS * (x->blocks + y->blocks) * LINE * sizeof(float)) / 8 * 8;
    const size_t most = fit < 8 ? 8 : fit, chunks = (all + most - 1) / most;
    return (all + chunks - 1) / chunks;
}

size_t ck_winograd_down_scratch(const struct ck_map *x, const struct ck_map *y) {
    return PRODUCTS * (x->blocks + y->blocks) * LINE * chunk_of(x, y) + WEIGHTS * (V_GAP + M_GAP);
}

void ck_winograd_down(const struct ck_map *x, const struct ck_layer *layer, struct ck_map *y, float *scratch) {
    const size_t chunk = chunk_of(x, y);
    struct down g = {.x = *x, .y = *y, .layer = *layer, .v = scratch};
    size_t v = 0, m = 0;
    for (size_t q = 0; q < WEIGHTS; q++) {
        const size_t copies = copies_of(q);
        g.v_base[q] = v;
        g.m_base[q] = m;
        v += copies * x->blocks * LINE * chunk + V_GAP;
        m += copies * y->blocks * LINE * chunk + M_GAP;
    }
    g.m = scratch + v;
    g.across = (y->width + 3) / 4;
    g.tiles = (y->height + 3) / 4 * g.across;
    for (g.begin = 0; g.begin < y->samples * g.tiles; g.begin = g.end) {
        g.end = g.begin + chunk < y->samples * g.tiles ? g.begin + chunk : y->samples * g.tiles;
        ck_parallel(x->blocks, 1, down_input_part, &g);
        ck_parallel(PRODUCTS * ((y->blocks + 1) / 2), 1, down_products_part, &g);
        ck_parallel(y->blocks, 1, down_output_part, &g);
    }
}

void ck_affine(const struct ck_map *x, const float *scale, const float *shift, struct ck_map *y) {
    struct rows g = {.x = *x, .y = *y, .scale = scale, .shift = shift};
    ck_parallel(x->samples * x->blocks * x->height, 16, affine_rows_part, &g);
}

void ck_channel_means(const struct ck_map *x, float *means) {
    struct rows g = {.x = *x, .means = means};
    ck_parallel(x->samples * x->blocks, 1, mean_planes_part, &g);
}

void ck_gated_sum(const struct ck_map *x, const float *gate, const struct ck_map *kept, size_t stride,
                  struct ck_map *y, const float *scale, const float *shift, struct ck_map *normed) {
    struct rows g = {.x = *x, .kept = *kept, .y = *y, .gate = gate, .scale = scale, .shift = shift,
                     .stride = stride};
    if (normed) g.normed = *normed;
    ck_parallel(x->samples * x->blocks * x->height, 16, gated_rows_part, &g);
}

void ck_add_resized(const struct ck_map *x, struct ck_map *y) {
    struct rows g = {.x = *x, .y = *y};
    ck_parallel(y->samples * y->blocks * y->height, 8, resized_rows_part, &g);
}
