#include "gemm.h"
#include "blocked.h"
#include "passes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct layer_norm {
    const float *x;
    float *y;
    size_t width;
    const float *weight, *bias;
    float eps;
};

struct softmax {
    float *x;
    size_t width, queries;
    float scale;
    bool causal;
};

struct gemm {
    const float *x, *packed;
    size_t rows, x_step, outputs, inputs;
    struct ck_gemm_epilogue epilogue;
    float *y;
    size_t y_step;
    size_t bands;  // of rows, which stay in a core's cache
};

#pragma STDC FP_CONTRACT ON
// Vectors are passed between functions of this file only, so that their calling convention does not matter.
#pragma clang diagnostic ignored "-Wpsabi"
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))), \
                             apply_to = function)
#define NAME(x) avx512_gemm_##x
#define ROWS 8
#define VECTORS 2
#include "micro_kernels.h"
#include "gemm_kernels.h"
#include "micro_kernels_end.h"
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define NAME(x) avx2_gemm_##x
#define ROWS 6
#define VECTORS 1
#include "micro_kernels.h"
#include "gemm_kernels.h"
#include "micro_kernels_end.h"
#pragma clang attribute pop
#endif
#define NAME(x) portable_gemm_##x
#define ROWS 2
#define VECTORS 1
#include "micro_kernels.h"
#include "gemm_kernels.h"
#include "micro_kernels_end.h"

#if defined(__x86_64__)
#define CALL(FUNCTION, ...)                                              \
    switch (ck_vector_bytes()) {                                         \
        case 64: avx512_gemm_##FUNCTION(__VA_ARGS__); break;             \
        case 32: avx2_gemm_##FUNCTION(__VA_ARGS__); break;               \
        default: portable_gemm_##FUNCTION(__VA_ARGS__);                  \
    }
#else
#define CALL(FUNCTION, ...) portable_gemm_##FUNCTION(__VA_ARGS__)
#endif

enum { LINE = 16, PANEL = 2 * LINE };

// Work of about this many multiplications or elements is worth waking another thread for.
static const size_t WORTH = 1 << 20, WORTH_ELEMENTS = 1 << 14;

static size_t grain(size_t worth, size_t each) { return each >= worth ? 1 : worth / (each ? each : 1); }

static size_t panels_of(size_t outputs) { return (outputs + PANEL - 1) / PANEL; }

size_t ck_gemm_packed(size_t outputs, size_t inputs) { return (outputs + LINE - 1) / LINE * LINE * inputs; }

// The outputs that a panel has room for: 32, or 16 in the last one.
static size_t width_of(size_t panel, size_t outputs) { return panel * PANEL + LINE < outputs ? PANEL : LINE; }

struct packing {
    const float *w;
    size_t outputs, inputs, output_step, input_step;
    float *packed;
    size_t chunks;  // of the inputs, which threads share
};

// Packs the inputs first..<last of a panel. A few inputs at a time: what is read and written stays in the cache.
static void pack_inputs(const struct packing *p, size_t panel, size_t first, size_t last) {
    const size_t width = width_of(panel, p->outputs), left = p->outputs - panel * PANEL;
    const size_t present = left < width ? left : width;
    const float *from = p->w + panel * PANEL * p->output_step;
    float *to = p->packed + panel * PANEL * p->inputs;
    for (size_t begin = first; begin < last; begin += LINE) {
        const size_t end = begin + LINE < last ? begin + LINE : last;
        if (p->output_step == 1) {
            for (size_t i = begin; i < end; i++)
                for (size_t o = 0; o < present; o++) to[i * width + o] = from[i * p->input_step + o];
        } else {
            for (size_t o = 0; o < present; o++)
                for (size_t i = begin; i < end; i++)
                    to[i * width + o] = from[o * p->output_step + i * p->input_step];
        }
        for (size_t i = begin; present < width && i < end; i++)
            memset(to + i * width + present, 0, (width - present) * sizeof(float));
    }
}

static void pack_part(void *context, size_t first, size_t last) {
    const struct packing *p = context;
    for (size_t part = first; part < last; part++) {
        const size_t chunk = part % p->chunks;
        pack_inputs(p, part / p->chunks, p->inputs * chunk / p->chunks, p->inputs * (chunk + 1) / p->chunks);
    }
}

void ck_gemm_pack(const float *w, size_t outputs, size_t inputs, size_t output_step, size_t input_step,
                  float *packed) {
    const size_t chunks = 1 + inputs * PANEL / WORTH_ELEMENTS;
    struct packing p = {w, outputs, inputs, output_step, input_step, packed, chunks};
    ck_parallel(panels_of(outputs) * chunks, grain(WORTH_ELEMENTS, PANEL * inputs / chunks), pack_part, &p);
}

void ck_gemm_unpack(const float *packed, size_t outputs, size_t inputs, float *w) {
    for (size_t output = 0; output < outputs; output++) {
        const size_t panel = output / PANEL, width = width_of(panel, outputs);
        const float *from = packed + panel * PANEL * inputs + output % PANEL;
        for (size_t i = 0; i < inputs; i++) w[output * inputs + i] = from[i * width];
    }
}

static void gemm_part(void *context, size_t first, size_t last) {
    const struct gemm *g = context;
    const size_t panels = panels_of(g->outputs);
    for (size_t i = first; i < last; i++) {
        const size_t band = i / panels, row = g->rows * band / g->bands;
        CALL(panel, g, row, g->rows * (band + 1) / g->bands, i % panels);
    }
}

static size_t bands_of(size_t rows, size_t inputs) {
    const size_t held = (512 << 10) / sizeof(float) / (inputs ? inputs : 1), most = held < 48 ? 48 : held;
    return (rows + most - 1) / most;
}

void ck_gemm(const float *x, size_t rows, size_t x_step, const float *packed, size_t outputs, size_t inputs,
             const struct ck_gemm_epilogue *epilogue, float *y, size_t y_step) {
    struct gemm g = {x,         packed, rows,   x_step,
                     outputs,   inputs, *epilogue, y,
                     y_step,    bands_of(rows, inputs)};
    const size_t parts = g.bands * panels_of(outputs);
    if (parts) ck_parallel(parts, grain(WORTH, rows * outputs * inputs / parts), gemm_part, &g);
}

struct transposition {
    const float *from;
    size_t rows, columns, row_step, column_step;
    float *to;  // [rows][columns]
};

// Columns of blocks first..<last. Going along whole rows would leave a line of the cache after each element.
static void transpose_part(void *context, size_t first, size_t last) {
    const struct transposition *t = context;
    for (size_t block = first; block < last; block++) {
        const size_t left = block * LINE, right = left + LINE < t->columns ? left + LINE : t->columns;
        for (size_t top = 0; top < t->rows; top += LINE) {
            const size_t bottom = top + LINE < t->rows ? top + LINE : t->rows;
            for (size_t i = top; i < bottom; i++)
                for (size_t j = left; j < right; j++)
                    t->to[i * t->columns + j] = t->from[i * t->row_step + j * t->column_step];
        }
    }
}

void ck_product(size_t m, size_t n, size_t k, float alpha, const float *a, size_t a_row, size_t a_column,
                const float *b, size_t b_row, size_t b_column, bool accumulates, float *c, size_t c_row) {
    const size_t packed = ck_gemm_packed(n, k);
    float *scratch = ck_aligned(packed + (a_column == 1 ? 0 : m * k));
    ck_gemm_pack(b, n, k, b_column, b_row, scratch);
    if (a_column != 1) {
        struct transposition t = {a, m, k, a_row, a_column, scratch + packed};
        ck_parallel((k + LINE - 1) / LINE, grain(WORTH_ELEMENTS, m * LINE), transpose_part, &t);
        a = scratch + packed;
        a_row = k;
    }
    const struct ck_gemm_epilogue e = {.alpha = alpha, .added = accumulates ? c : NULL};
    ck_gemm(a, m, a_row, scratch, n, k, &e, c, c_row);
    free(scratch);
}

// y [rows][outputs] = x w^T on the calling thread; w is packed into `packed`.
static void product_alone(const struct packing *w, const float *x, size_t rows, size_t x_step, float *y,
                          size_t y_step) {
    pack_part((void *)w, 0, panels_of(w->outputs));
    struct gemm g = {.x = x, .packed = w->packed, .rows = rows, .x_step = x_step, .outputs = w->outputs,
                     .inputs = w->inputs, .epilogue = {.alpha = 1}, .y = y, .y_step = y_step,
                     .bands = bands_of(rows, w->inputs)};
    gemm_part(&g, 0, g.bands * panels_of(w->outputs));
}

static void attend_part(void *context, size_t first, size_t last) {
    const struct ck_attention *a = context;
    const size_t score_count = a->queries * a->keys, step = a->heads * a->width;
    const size_t keys = ck_gemm_packed(a->keys, a->width), values = ck_gemm_packed(a->width, a->keys);
    float *scratch = ck_aligned(keys + values + score_count);
    for (size_t i = first; i < last; i++) {
        const size_t n = i / a->heads, column = i % a->heads * a->width;
        const float *k = a->k + n * a->keys * a->kv_step + column, *v = a->v + n * a->keys * a->kv_step + column;
        float *scores = a->probabilities ? a->probabilities + i * score_count : scratch + keys + values;
        const struct packing by_key = {k, a->keys, a->width, a->kv_step, 1, scratch, 1};
        product_alone(&by_key, a->q + n * a->queries * a->q_step + column, a->queries, a->q_step, scores, a->keys);
        const struct softmax s = {scores, a->keys, a->queries, a->scale, a->causal};
        CALL(softmax, &s, 0, a->queries);
        const struct packing by_column = {v, a->width, a->keys, 1, a->kv_step, scratch + keys, 1};
        product_alone(&by_column, scores, a->queries, a->keys, a->y + n * a->queries * step + column, step);
    }
    free(scratch);
}

void ck_attend(const struct ck_attention *a) {
    const size_t each = 2 * a->queries * a->keys * a->width;
    ck_parallel(a->samples * a->heads, grain(WORTH, each), attend_part, (void *)a);
}

static void layer_norm_part(void *context, size_t first, size_t last) { CALL(layer_norm, context, first, last); }

void ck_layer_norm(const float *x, float *y, size_t rows, size_t width, const float *weight, const float *bias,
                   float eps) {
    struct layer_norm g = {x, y, width, weight, bias, eps};
    ck_parallel(rows, grain(WORTH_ELEMENTS, width), layer_norm_part, &g);
}

static void softmax_part(void *context, size_t first, size_t last) { CALL(softmax, context, first, last); }

void ck_softmax(float *x, size_t rows, size_t width, float scale, bool causal, size_t queries) {
    struct softmax g = {x, width, queries, scale, causal};
    ck_parallel(rows, grain(WORTH_ELEMENTS, width), softmax_part, &g);
}

struct activated {
    float *x;
    enum ck_activation activation;
    size_t count;
};

static void activate_part(void *context, size_t first, size_t last) {
    const struct activated *a = context;
    const size_t from = first * LINE, to = last * LINE < a->count ? last * LINE : a->count;
    CALL(activate, a->x + from, to - from, a->activation);
}

void ck_activate(float *x, size_t count, enum ck_activation activation) {
    struct activated a = {x, activation, count};
    ck_parallel((count + LINE - 1) / LINE, WORTH_ELEMENTS / LINE, activate_part, &a);
}
