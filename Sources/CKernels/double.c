#include "double.h"
#include "blocked.h"
#include "passes.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// Convolutions are Winograd's F(2x2, 3x3), 16 products where a direct one has 36: Lavin and Gray 2016. A thread takes
// a chunk of tiles through a whole layer, so that little but the pixels at the chunk's edge comes from other cores.
enum { CHUNK = 16, BLOCK = 256 };

// Multiplications that are worth another thread which is awake: about 10 us.
enum { WORTHWHILE = 1 << 19 };

struct stack {
    const struct ck_double_layer *layers;
    size_t count;
    const double *x;
    double *y, *maps[2];          // pixels [samples][blocks][plane of rows][columns][8], with a border of zeros
    size_t blocks, plane;         // of 8 channels, as many as the widest layer needs; doubles of a plane
    size_t samples, h, w;
    size_t columns;               // of a plane: even, two more than the image
    size_t across, tiles;         // tiles in a row, in a sample
};

struct layer {
    const struct stack *stack;
    size_t outputs, blocks;
    const double *bias, *weights, *from;
    double *to;  // null behind the last
    // Tiles of all samples go in chunks; with more threads than chunks, parts of the outputs too.
    size_t chunk, parts;
};

struct sum {
    const double *factors;
    const double *const *terms;
    size_t terms_count, count;
};

struct combination {
    struct sum sum;
    const double *base;
    double *out;
};

struct scaled {
    struct sum sum;
    const double *a, *b;
    double atol, rtol;
    double *squares;  // one number for each block
};

struct fit {
    const double *y0, *y1, *middle, *f0, *f1;
    double dt, *c;
    size_t count;
};

struct quartics {
    const double *c, *x;
    size_t count, positions;
    double *out;
    bool streams;
};

struct elements {
    double *x;
    size_t count;
};

static size_t blocks_of(size_t channels) { return (channels + 7) / 8; }
static size_t panels_of(size_t outputs) { return (outputs + 15) / 16; }
static size_t size_of_block(size_t block, size_t count) {
    const size_t left = count - block * BLOCK;
    return left < BLOCK ? left : BLOCK;
}

// The first element from i on whose address begins a cache line.
static size_t start_of_line(const double *x, size_t i) {
    return i + (0 - (uintptr_t)(x + i) / sizeof *x) % 8;
}

static void *allocate(size_t bytes) {
    void *memory;
    if (posix_memalign(&memory, 64, bytes)) abort();
    return memory;
}

static size_t chunks_of(const struct layer *l) {
    return (l->stack->samples * l->stack->tiles + l->chunk - 1) / l->chunk;
}

// Parts of a pass, from first to last, for ck_parallel.
typedef void part(void *context, size_t first, size_t last);
struct kernels {
    part *load, *layer, *tanh_all, *combine, *squares, *fit, *quartics;
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

static const struct kernels *chosen(void) {
    switch (ck_vector_bytes()) {
#if defined(__x86_64__)
        case 64: return &avx512_double_kernels;
        case 32: return &avx2_double_kernels;
#endif
        default: return &portable_double_kernels;
    }
}

// ---- Convolutions

size_t ck_double_packed(size_t outputs, size_t inputs) {
    return panels_of(outputs) * 16 * (1 + 16 * blocks_of(inputs) * 8);
}

// G g G^T of one 3x3 kernel at a point.
static double transformed(const double *g, size_t point) {
    static const double G[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
    const double *down = G[point / 4], *right = G[point % 4];
    double sum = 0;
    for (size_t i = 0; i < 3; i++)
        sum += down[i] * (right[0] * g[3 * i] + right[1] * g[3 * i + 1] + right[2] * g[3 * i + 2]);
    return sum;
}

// The bias, then the weights: [panels][16 points][channels][16 outputs].
void ck_double_pack(const double *w, const double *bias, size_t outputs, size_t inputs, double *packed) {
    for (size_t o = 0; o < 16 * panels_of(outputs); o++) *packed++ = o < outputs ? bias[o] : 0;
    for (size_t p = 0; p < panels_of(outputs); p++)
        for (size_t point = 0; point < 16; point++)
            for (size_t i = 0; i < blocks_of(inputs) * 8; i++)
                for (size_t o = 16 * p; o < 16 * p + 16; o++)
                    *packed++ =
                        o < outputs && i < inputs ? transformed(w + (o * inputs + i) * 9, point) : 0;
}

static size_t even(size_t pixels) { return pixels + pixels % 2; }
static size_t plane_of(size_t h, size_t w) { return (even(h) + 2) * (even(w) + 2) * 8; }

static size_t widest(const struct ck_double_layer *layers, size_t count) {
    size_t channels = 0;
    for (size_t i = 0; i < count; i++)
        if (layers[i].inputs > channels) channels = layers[i].inputs;
    return blocks_of(channels);
}

size_t ck_double_scratch(const struct ck_double_layer *layers, size_t count, size_t samples, size_t h,
                         size_t w) {
    return 2 * samples * widest(layers, count) * plane_of(h, w);
}

void ck_double_convolve(const struct ck_double_layer *layers, size_t count, const double *x, double *y,
                        size_t samples, size_t h, size_t w, double *scratch) {
    const struct kernels *kernels = chosen();
    struct stack s = {.layers = layers, .count = count, .x = x, .y = y, .blocks = widest(layers, count),
                      .plane = plane_of(h, w), .samples = samples, .h = h, .w = w, .columns = even(w) + 2,
                      .across = even(w) / 2, .tiles = even(w) / 2 * even(h) / 2};
    s.maps[0] = scratch;
    s.maps[1] = scratch + samples * s.blocks * s.plane;
    ck_parallel(samples * s.blocks, 8, kernels->load, &s);
    for (size_t i = 0; i < count; i++) {
        const size_t panels = panels_of(layers[i].outputs), tiles = samples * s.tiles;
        struct layer l = {.stack = &s, .outputs = layers[i].outputs, .blocks = blocks_of(layers[i].inputs),
                          .bias = layers[i].packed, .weights = layers[i].packed + 16 * panels,
                          .from = s.maps[i % 2], .to = i + 1 < count ? s.maps[(i + 1) % 2] : NULL};
        const size_t useful = 1 + 16 * panels * 16 * l.blocks * 8 * tiles / WORTHWHILE;
        const size_t threads = useful < (size_t)ck_threads() ? useful : (size_t)ck_threads();
        // Half a chunk reads the weights twice as often, which is better than a thread without one.
        l.chunk = tiles < CHUNK * threads ? CHUNK / 2 : CHUNK;
        const size_t chunks = chunks_of(&l);
        l.parts = chunks < threads ? threads / chunks : 1;
        ck_parallel(chunks * l.parts, threads > 1 ? 1 : chunks, kernels->layer, &l);
    }
}

// ---- Elementwise passes

// Blocks that are worth another thread which is awake.
enum { GRAIN = 16 };
// Bytes of states that no cache keeps until they are read.
enum { STREAM = 16 << 20 };

static size_t block_count(size_t count) { return (count + BLOCK - 1) / BLOCK; }

void ck_tanh(double *x, size_t count) {
    struct elements e = {x, count};
    ck_parallel(block_count(count), GRAIN / 2, chosen()->tanh_all, &e);
}

void ck_combine(const double *base, const double *factors, const double *const *terms, size_t terms_count,
                double *out, size_t count) {
    struct combination c = {{factors, terms, terms_count, count}, base, out};
    ck_parallel(block_count(count), GRAIN, chosen()->combine, &c);
}

double ck_scaled_squares(const double *factors, const double *const *terms, size_t terms_count, const double *a,
                         const double *b, double atol, double rtol, size_t count) {
    const size_t blocks = block_count(count);
    double *squares = allocate((blocks + 1) * sizeof *squares), total = 0;
    struct scaled s = {{factors, terms, terms_count, count}, a, b, atol, rtol, squares};
    ck_parallel(blocks, GRAIN, chosen()->squares, &s);
    for (size_t i = 0; i < blocks; i++) total += squares[i];
    free(squares);
    return total;
}

void ck_fit_quartics(const double *y0, const double *y1, const double *middle, const double *f0, const double *f1,
                     double dt, double *c, size_t count) {
    struct fit f = {y0, y1, middle, f0, f1, dt, c, count};
    ck_parallel(block_count(count), GRAIN, chosen()->fit, &f);
}

void ck_quartics(const double *c, size_t count, const double *x, size_t positions, double *out) {
    struct quartics q = {c, x, count, positions, out, positions * count * sizeof *out > STREAM};
    // One state is mostly asked for by itself, when other threads sleep.
    ck_parallel(block_count(count), 1 + 16 * GRAIN / (positions + 1), chosen()->quartics, &q);
}
