#include "blocked.h"
#include "passes.h"
#include "products.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { LINE = 16, POINTS = 36 };

#define ALWAYS_INLINE static inline __attribute__((always_inline))

// Keeps an array in memory: held in registers it would be spilled to a stack that is not aligned to lines.
#define KEEP(array) __asm__ volatile("" : : "r"(array) : "memory")

// A map that is read soon after it is written: of each bordered plane all rows are kept, or the latest ones.
struct kept {
    struct ck_map map;
    size_t planes, rows;  // plane p lies at p % planes, row r of it at r % rows
};

static size_t row_of(const struct ck_map *map) { return (map->width + 2) * LINE; }

static float *kept_row(const struct kept *k, size_t plane, size_t r) {
    return k->map.data + (plane % k->planes * k->rows + r % k->rows) * row_of(&k->map);
}

static struct kept keep_all(const struct ck_map *map) {
    return (struct kept){*map, map->samples * map->blocks, map->height + 2};
}

struct winograd {
    struct ck_map x;
    struct kept y;
    const float *styles, *weights;
    struct ck_epilogue epilogue;
    bool streams;
    size_t depth;             // floats that hold 16 channels of what enters the products
    size_t v_point, m_point;  // floats from one of the 36 points to the next
};

struct upward {
    struct ck_map x, y;
    struct kept wide;
    const float *styles, *weights;
    size_t depth;
    size_t v_base[WEIGHTS], m_base[WEIGHTS];  // where the products of each of the 36 weights begin
};

struct blur {
    struct kept x;
    struct ck_map y;
    struct ck_epilogue epilogue;
    float outer, inner;
    bool streams;
};

struct phase {
    const float *weights;
    ptrdiff_t *offsets;
    size_t steps;
};

struct direct {
    struct ck_map x, y;
    size_t phases;
    struct phase phase[4];
};

struct rgb {
    struct kept x;
    struct ck_rgb to;
};

// The steps around the products of Winograd's algorithm, in one precision.
struct products {
    void (*input)(const struct winograd *, size_t, size_t, float *, size_t, size_t);
    void (*products)(const struct winograd *, const float *, float *, size_t, size_t, size_t);
    void (*up_input)(const struct upward *, size_t, size_t, float *, size_t, size_t);
    void (*up_products)(const struct upward *, const float *, float *, size_t, size_t, size_t);
};

// What one instruction set offers.
struct kernels {
    int vector_bytes;
    struct products single;
    void (*output)(const struct winograd *, size_t, size_t, const float *, size_t, size_t);
    void (*weights)(const float *, float *, size_t);
    void (*up_output)(const struct upward *, size_t, size_t, const float *, size_t, size_t);
    void (*up_weights)(const float *, float *, size_t);
    void (*scale)(const struct ck_map *, const float *, struct ck_map *, size_t, size_t);
    void (*direct)(const struct direct *, size_t, size_t);
    void (*finish_rows)(const struct ck_map *, const struct ck_epilogue *, size_t, size_t);
    void (*blur_rows)(const struct blur *, size_t, size_t, size_t);
    void (*rgb_rows)(const struct rgb *, float *, size_t, size_t);
};
#define TABLE(bytes)                                                                               \
    {bytes, {NAME(input), NAME(products), NAME(up_input), NAME(up_products)},                      \
     NAME(output), NAME(weights), NAME(up_output), NAME(up_weights), NAME(scale), NAME(direct),    \
     NAME(finish_rows), NAME(blur_rows), NAME(rgb_rows)}

#pragma STDC FP_CONTRACT ON
// Vectors are passed between functions of this file only, so that their calling convention does not matter.
#pragma clang diagnostic ignored "-Wpsabi"
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))), \
                             apply_to = function)
#define NAME(x) avx512_##x
#define ROWS 8
#define VECTORS 2
#include "blocked_kernels.h"
static const struct kernels avx512 = TABLE(64);
#pragma clang attribute pop
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,fma"))), apply_to = function)
#include "bf16_kernels.h"
static const struct products avx512_bf16 = {NAME(bf16_input), NAME(bf16_products),
                                            NAME(bf16_up_input), NAME(bf16_up_products)};
#pragma clang attribute pop
#undef NAME
#undef ROWS
#undef VECTORS
#undef EACH
#undef V16
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define NAME(x) avx2_##x
#define ROWS 6
#define VECTORS 1
#include "blocked_kernels.h"
static const struct kernels avx2 = TABLE(32);
#pragma clang attribute pop
#undef NAME
#undef ROWS
#undef VECTORS
#undef EACH
#undef V16
#endif
#define NAME(x) portable_##x
#define ROWS 2
#define VECTORS 1
#include "blocked_kernels.h"
static const struct kernels portable = TABLE(16);

// The best that the processor has, at most what ONEDNN_MAX_CPU_ISA allows oneDNN.
static const struct kernels *best(void) {
#if defined(__x86_64__)
    const char *limit = getenv("ONEDNN_MAX_CPU_ISA");
    if (!limit || !*limit) limit = getenv("DNNL_MAX_CPU_ISA");
    const bool all = !limit || !*limit || !strcmp(limit, "ALL") || !strcmp(limit, "DEFAULT") ||
                     !strncmp(limit, "AVX512", 6);
    const bool some = all || !strncmp(limit, "AVX2", 4);
    if (all && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
        return &avx512;
    if (some && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &avx2;
#endif
    return &portable;
}

static const struct kernels *chosen(void) {
    static const struct kernels *kernels;
    const struct kernels *known = __atomic_load_n(&kernels, __ATOMIC_RELAXED);
    if (known) return known;
    known = best();
    __atomic_store_n(&kernels, known, __ATOMIC_RELAXED);
    return known;
}

// The products in bfloat16, or null where the processor has no instruction for them.
static const struct products *bf16_products(void) {
#if defined(__x86_64__)
    if (chosen() == &avx512 && __builtin_cpu_supports("avx512bf16")) return &avx512_bf16;
#endif
    return NULL;
}

bool ck_has_bf16(void) { return bf16_products() != NULL; }

static const struct products *products_of(size_t depth) {
    return depth == LINE ? &chosen()->single : bf16_products();
}

static size_t depth_of(bool bf16) { return bf16 ? LINE / 2 : LINE; }

int ck_vector_bytes(void) { return chosen()->vector_bytes; }

float *ck_aligned(size_t floats) {
    const size_t huge = 2 << 20, bytes = floats * sizeof(float);
    const size_t alignment = bytes >= huge ? huge : 64;
    void *block = NULL;
    if (posix_memalign(&block, alignment, bytes ? bytes : alignment)) abort();
    if (bytes >= huge) madvise(block, bytes, MADV_HUGEPAGE);
    memset(block, 0, bytes);
    return block;
}

void ck_clear_border(const struct ck_map *map) {
    const size_t row = (map->width + 2) * LINE, line = LINE * sizeof(float);
    for (size_t plane = 0; plane < map->samples * map->blocks; plane++) {
        float *at = map->data + plane * (map->height + 2) * row;
        memset(at, 0, row * sizeof *at);
        memset(at + (map->height + 1) * row, 0, row * sizeof *at);
        for (size_t i = 1; i <= map->height; i++) {
            memset(at + i * row, 0, line);
            memset(at + (i + 1) * row - LINE, 0, line);
        }
    }
}

struct plain {
    const struct ck_map *map;
    const float *from;
    float *to;
    size_t channels;
};

static void load_part(void *context, size_t first, size_t last) {
    const struct plain *p = context;
    const struct ck_map *m = p->map;
    const size_t pixels = m->height * m->width, row = (m->width + 2) * LINE;
    for (size_t i = first; i < last; i++) {  // rows of all planes
        const size_t plane = i / m->height, down = i % m->height;
        const size_t n = plane / m->blocks, channel = plane % m->blocks * LINE;
        float *to = m->data + (plane * (m->height + 2) + down + 1) * row + LINE;
        for (size_t c = 0; c < LINE; c++) {
            const bool is_there = channel + c < p->channels;
            const float *from =
                p->from + (n * p->channels + channel + c) * pixels + down * m->width;
            for (size_t j = 0; j < m->width; j++) to[j * LINE + c] = is_there ? from[j] : 0;
        }
    }
}

static void store_part(void *context, size_t first, size_t last) {
    const struct plain *p = context;
    const struct ck_map *m = p->map;
    const size_t pixels = m->height * m->width, row = (m->width + 2) * LINE;
    for (size_t i = first; i < last; i++) {  // rows of all channels
        const size_t channel = i / m->height % p->channels, down = i % m->height;
        const size_t plane = i / m->height / p->channels * m->blocks + channel / LINE;
        const float *from = m->data + (plane * (m->height + 2) + down + 1) * row + LINE;
        float *to = p->to + i / m->height * pixels + down * m->width;
        for (size_t j = 0; j < m->width; j++) to[j] = from[j * LINE + channel % LINE];
    }
}

void ck_load(const float *x, size_t channels, const struct ck_map *map) {
    struct plain p = {map, x, NULL, channels};
    ck_parallel(map->samples * map->blocks * map->height, 16, load_part, &p);
}

void ck_store(const struct ck_map *map, size_t channels, float *x) {
    struct plain p = {map, NULL, x, channels};
    ck_parallel(map->samples * channels * map->height, 16, store_part, &p);
}

static size_t blocks_of(size_t channels) { return (channels + LINE - 1) / LINE; }

// ---- Packing

struct packing {
    const float *w;
    size_t outputs, inputs, size, tap_count;
    const size_t *taps;
    bool up, bf16;
    float *packed;
};

// Where 16 outputs of one input lie in a panel of up to 32 outputs.
static size_t panel_offset(size_t out_block, size_t out_blocks, size_t reduction, size_t at) {
    const size_t panel = out_block / 2;
    const size_t width = 2 * panel + 2 <= out_blocks ? 2 * LINE : LINE;
    return panel * reduction * 2 * LINE + at * width + out_block % 2 * LINE;
}

static void pack_direct_part(void *context, size_t first, size_t last) {
    const struct packing *p = context;
    const size_t out_blocks = blocks_of(p->outputs), in_blocks = blocks_of(p->inputs);
    const size_t reduction = p->tap_count * in_blocks * LINE;
    for (size_t k = first; k < last; k++) {
        for (size_t t = 0; t < p->tap_count; t++) {
            for (size_t i = 0; i < in_blocks * LINE; i++) {
                float *to = p->packed + panel_offset(k, out_blocks, reduction,
                                                     t * in_blocks * LINE + i);
                for (size_t o = 0; o < LINE; o++) {
                    const size_t output = k * LINE + o;
                    const bool is_there = output < p->outputs && i < p->inputs;
                    to[o] = is_there ? p->w[(output * p->inputs + i) * p->size + p->taps[t]] : 0;
                }
            }
        }
    }
}

void ck_pack_direct(const float *w, size_t outputs, size_t inputs, size_t size, const size_t *taps,
                    size_t tap_count, float *packed) {
    struct packing p = {w, outputs, inputs, size, tap_count, taps, false, false, packed};
    ck_parallel(blocks_of(outputs), 1, pack_direct_part, &p);
}

// The 36 points of 16 outputs of one input, `point` floats apart.
static void winograd_weights(const struct packing *p, size_t out_block, size_t input, float *to,
                             size_t point) {
    float taps[9 * LINE] __attribute__((aligned(64)));
    for (size_t t = 0; t < 9; t++) {
        for (size_t o = 0; o < LINE; o++) {
            const size_t output = out_block * LINE + o;
            const bool is_there = output < p->outputs && input < p->inputs;
            taps[t * LINE + o] = is_there ? p->w[(output * p->inputs + input) * 9 + t] : 0;
        }
    }
    (p->up ? chosen()->up_weights : chosen()->weights)(taps, to, point);
}

// The nearest number of eight significant bits, ties to even, in the upper half of the word.
static uint32_t rounded_to_bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits + 0x7fff + (bits >> 16 & 1);
}

static void pack_winograd_part(void *context, size_t first, size_t last) {
    const struct packing *p = context;
    const size_t out_blocks = blocks_of(p->outputs), in_blocks = blocks_of(p->inputs);
    const size_t depth = depth_of(p->bf16), reduction = in_blocks * depth;
    const size_t point = reduction * out_blocks * LINE;
    float even[POINTS * LINE] __attribute__((aligned(64)));
    float odd[POINTS * LINE] __attribute__((aligned(64)));
    for (size_t k = first; k < last; k++) {
        for (size_t i = 0; i < reduction; i++) {
            float *to = p->packed + panel_offset(k, out_blocks, reduction, i);
            if (!p->bf16) {
                winograd_weights(p, k, i, to, point);
                continue;
            }
            winograd_weights(p, k, 2 * i, even, LINE);
            winograd_weights(p, k, 2 * i + 1, odd, LINE);
            for (size_t at = 0; at < POINTS * LINE; at++) {
                const uint32_t pair = rounded_to_bf16(even[at]) >> 16 |
                                      (rounded_to_bf16(odd[at]) & 0xffff0000);
                memcpy(to + at / LINE * point + at % LINE, &pair, sizeof pair);
            }
        }
    }
}

void ck_pack_winograd(const float *w, size_t outputs, size_t inputs, bool up, bool bf16,
                      float *packed) {
    struct packing p = {w, outputs, inputs, 9, 9, NULL, up, bf16, packed};
    ck_parallel(blocks_of(outputs), 1, pack_winograd_part, &p);
}

// ---- Winograd

// A thread works alone on few tiles at a time if the weights stay in its cache; otherwise all threads share
// the products of many tiles, so that the weights are read seldom.
static const size_t PRIVATE_WEIGHTS = 6 << 20, PRIVATE_TILES = 640 << 10, SHARED_TILES = 12 << 20;
// Lines between the points, so that they do not meet in the same sets of the caches.
enum { V_GAP = 3 * LINE, M_GAP = 5 * LINE };
// A row of tiles makes eight rows of the wide map; the blur needs three more.
enum { RING = 16 };

static bool is_private(const struct ck_map *x, size_t out_blocks, size_t depth) {
    return POINTS * x->blocks * out_blocks * depth * LINE * sizeof(float) <= PRIVATE_WEIGHTS;
}

// Floats that enter and leave the products of one tile.
static size_t tile_of(const struct ck_map *x, size_t out_blocks, size_t points, size_t depth) {
    return points * (x->blocks * depth + out_blocks * LINE);
}

static size_t chunk_of(const struct ck_map *x, size_t out_blocks, size_t points, size_t depth) {
    const size_t budget = is_private(x, out_blocks, depth) ? PRIVATE_TILES : SHARED_TILES;
    const size_t tile = tile_of(x, out_blocks, points, depth) * sizeof(float);
    const size_t tiles = budget / tile / 8 * 8;
    return tiles < 8 ? 8 : tiles;
}

static size_t scratch_of(const struct ck_map *x, size_t out_blocks, size_t points, size_t depth) {
    return chunk_of(x, out_blocks, points, depth) * tile_of(x, out_blocks, points, depth) +
           POINTS * (V_GAP + M_GAP);
}

// Floats for one part of an upsampling layer: its products, and what it keeps of the wide map.
static size_t up_scratch_of(const struct ck_map *x, size_t out_blocks, size_t depth) {
    const bool keeps_all = !is_private(x, out_blocks, depth);
    const size_t rows = keeps_all ? x->samples * (2 * x->height + 3) : RING;
    return scratch_of(x, out_blocks, PRODUCTS, depth) + out_blocks * rows * (2 * x->width + 3) * LINE;
}

size_t ck_winograd_scratch(const struct ck_map *x, size_t out_blocks, bool up, bool bf16) {
    const size_t depth = depth_of(bf16);
    const size_t each =
        up ? up_scratch_of(x, out_blocks, depth) : scratch_of(x, out_blocks, POINTS, depth);
    return each * (is_private(x, out_blocks, depth) ? (size_t)ck_threads() : 1);
}

static bool streams(const struct ck_map *y) {
    return y->samples * y->blocks * y->height * y->width * LINE * sizeof(float) > 4 << 20;
}

struct winograd_run {
    struct winograd g;
    const struct ck_rgb *rgb;
    float *v, *m;
    size_t begin, end, parts, tiles, chunk;
};

static void input_part(void *context, size_t first, size_t last) {
    const struct winograd_run *r = context;
    products_of(r->g.depth)->input(&r->g, r->begin, r->end, r->v, first, last);
}

static void product_part(void *context, size_t first, size_t last) {
    const struct winograd_run *r = context;
    products_of(r->g.depth)->products(&r->g, r->v, r->m, r->end - r->begin, first, last);
}

static void output_part(void *context, size_t first, size_t last) {
    const struct winograd_run *r = context;
    chosen()->output(&r->g, r->begin, r->end, r->m, first, last);
}

static void compute_tiles(struct winograd_run *r, size_t from, size_t to) {
    for (r->begin = from; r->begin < to; r->begin = r->end) {
        r->end = r->begin + r->chunk < to ? r->begin + r->chunk : to;
        input_part(r, 0, r->g.x.blocks);
        product_part(r, 0, POINTS * ((r->g.y.map.blocks + 1) / 2));
        output_part(r, 0, r->g.y.map.blocks);
    }
}

static void private_part(void *context, size_t first, size_t last) {
    const struct winograd_run *shared = context;
    for (size_t part = first; part < last; part++) {
        struct winograd_run r = *shared;
        const size_t offset = part * scratch_of(&r.g.x, r.g.y.map.blocks, POINTS, r.g.depth);
        r.v += offset;
        r.m += offset;
        compute_tiles(&r, r.tiles * part / r.parts, r.tiles * (part + 1) / r.parts);
    }
}

// A row of tiles makes four rows of features, which only the picture needs.
static size_t drawing_scratch_of(const struct ck_map *x, size_t out_blocks, size_t depth) {
    return scratch_of(x, out_blocks, POINTS, depth) + out_blocks * 4 * row_of(x) + x->width * LINE;
}

static void drawing_part(void *context, size_t first, size_t last) {
    const struct winograd_run *shared = context;
    for (size_t part = first; part < last; part++) {
        struct winograd_run r = *shared;
        const struct ck_map *y = &r.g.y.map;
        const size_t offset = part * drawing_scratch_of(&r.g.x, y->blocks, r.g.depth);
        r.v += offset;
        r.m += offset;
        r.g.y.map.data += offset;
        const struct rgb rgb = {r.g.y, *r.rgb};
        float *line = y->data + y->blocks * 4 * row_of(y);
        const size_t across = y->width / 4, rows = r.tiles / across;
        for (size_t i = rows * part / r.parts; i < rows * (part + 1) / r.parts; i++) {
            compute_tiles(&r, i * across, (i + 1) * across);
            chosen()->rgb_rows(&rgb, line, 4 * i, 4 * i + 4);
        }
    }
}

static struct winograd_run run_of(const struct ck_map *x, const float *styles, const float *packed,
                                  bool bf16, const struct ck_epilogue *epilogue, struct kept y,
                                  float *scratch) {
    const size_t depth = depth_of(bf16), chunk = chunk_of(x, y.map.blocks, POINTS, depth);
    struct winograd_run r = {.chunk = chunk, .v = scratch, .parts = (size_t)ck_threads()};
    r.tiles = x->samples * (x->height / 4) * (x->width / 4);
    r.g = (struct winograd){*x, y, styles, packed, *epilogue, false, depth,
                            x->blocks * depth * chunk + V_GAP,
                            y.map.blocks * LINE * chunk + M_GAP};
    r.m = scratch + POINTS * r.g.v_point;
    return r;
}

void ck_winograd(const struct ck_map *x, const float *styles, const float *packed, bool bf16,
                 const struct ck_epilogue *epilogue, struct ck_map *y, float *scratch) {
    struct winograd_run r = run_of(x, styles, packed, bf16, epilogue, keep_all(y), scratch);
    r.g.streams = streams(y);
    if (is_private(x, y->blocks, r.g.depth)) {
        ck_parallel(r.parts, 1, private_part, &r);
        return;
    }
    for (r.begin = 0; r.begin < r.tiles; r.begin = r.end) {
        r.end = r.begin + r.chunk < r.tiles ? r.begin + r.chunk : r.tiles;
        ck_parallel(x->blocks, 1, input_part, &r);
        ck_parallel(POINTS * ((y->blocks + 1) / 2), 1, product_part, &r);
        ck_parallel(y->blocks, 1, output_part, &r);
    }
}

bool ck_can_draw(const struct ck_map *x, size_t out_blocks, bool bf16) {
    return is_private(x, out_blocks, depth_of(bf16));
}

size_t ck_drawing_scratch(const struct ck_map *x, size_t out_blocks, bool bf16) {
    return drawing_scratch_of(x, out_blocks, depth_of(bf16)) * (size_t)ck_threads();
}

void ck_winograd_rgb(const struct ck_map *x, const float *styles, const float *packed, bool bf16,
                     const struct ck_epilogue *epilogue, size_t out_blocks, const struct ck_rgb *rgb,
                     float *scratch) {
    const struct ck_map y = {NULL, x->samples, out_blocks, x->height, x->width};
    const struct kept kept = {y, out_blocks, 4};
    struct winograd_run r = run_of(x, styles, packed, bf16, epilogue, kept, scratch);
    r.g.y.map.data = scratch + scratch_of(x, out_blocks, POINTS, r.g.depth);
    r.rgb = rgb;
    ck_parallel(r.parts, 1, drawing_part, &r);
}

struct upward_run {
    struct upward g;
    struct blur blur;
    float *v, *m;
    size_t begin, end, parts, rows, across, chunk;
};

static void up_input_part(void *context, size_t first, size_t last) {
    const struct upward_run *r = context;
    products_of(r->g.depth)->up_input(&r->g, r->begin, r->end, r->v, first, last);
}

static void up_product_part(void *context, size_t first, size_t last) {
    const struct upward_run *r = context;
    products_of(r->g.depth)->up_products(&r->g, r->v, r->m, r->end - r->begin, first, last);
}

static void up_output_part(void *context, size_t first, size_t last) {
    const struct upward_run *r = context;
    chosen()->up_output(&r->g, r->begin, r->end, r->m, first, last);
}

static void blur_part(void *context, size_t first, size_t last) {
    const struct blur *b = context;
    for (size_t i = first; i < last; i++)
        chosen()->blur_rows(b, i / b->y.height, i % b->y.height, i % b->y.height + 1);
}

// The zeros around the rows that a part keeps.
static void clear_sides(const struct kept *k) {
    const size_t row = row_of(&k->map);
    for (size_t i = 0; i < k->planes * k->rows; i++) {
        memset(k->map.data + i * row, 0, LINE * sizeof(float));
        memset(k->map.data + (i + 1) * row - LINE, 0, LINE * sizeof(float));
    }
}

static void clear_row(const struct kept *k, size_t r) {
    for (size_t p = 0; p < k->planes; p++) memset(kept_row(k, p, r), 0, row_of(&k->map) * sizeof(float));
}

// Rows of tiles, each followed by the blur of what it completes: a row of y needs one row of the wide map before
// it and two after. A part that begins inside a picture computes the row of tiles before its own once more.
static void up_private_part(void *context, size_t first, size_t last) {
    const struct upward_run *shared = context;
    for (size_t part = first; part < last; part++) {
        struct upward_run r = *shared;
        const size_t down = r.g.x.height / 4 + 1;
        const size_t offset = part * up_scratch_of(&r.g.x, r.g.y.blocks, r.g.depth);
        r.v += offset;
        r.m += offset;
        r.g.wide.map.data += offset;
        r.blur.x = r.g.wide;
        clear_sides(&r.g.wide);
        const size_t from = r.rows * part / r.parts, to = r.rows * (part + 1) / r.parts;
        for (size_t row = from % down && from < to ? from - 1 : from; row < to; row++) {
            const size_t ty = row % down, end = (row + 1) * r.across;
            const bool is_last = ty + 1 == down;
            if (ty == 0) clear_row(&r.g.wide, 0);
            for (r.begin = row * r.across; r.begin < end; r.begin = r.end) {
                r.end = r.begin + r.chunk < end ? r.begin + r.chunk : end;
                up_input_part(&r, 0, r.g.x.blocks);
                up_product_part(&r, 0, PRODUCTS * ((r.g.y.blocks + 1) / 2));
                up_output_part(&r, 0, r.g.y.blocks);
            }
            if (is_last) clear_row(&r.g.wide, r.g.wide.map.height + 1);
            const size_t blurred = ty ? 8 * ty - 2 : 0, done = is_last ? r.g.y.height : 8 * ty + 6;
            for (size_t k = 0; k < r.g.y.blocks && from <= row && blurred < done; k++)
                chosen()->blur_rows(&r.blur, row / down * r.g.y.blocks + k, blurred, done);
        }
    }
}

void ck_winograd_up(const struct ck_map *x, const float *styles, const float *packed, bool bf16,
                    const struct ck_epilogue *epilogue, const float f[4], struct ck_map *y,
                    float *scratch) {
    const size_t depth = depth_of(bf16), chunk = chunk_of(x, y->blocks, PRODUCTS, depth);
    const bool keeps_all = !is_private(x, y->blocks, depth);
    struct upward_run r = {.chunk = chunk, .v = scratch};
    r.g = (struct upward){.x = *x, .y = *y, .styles = styles, .weights = packed, .depth = depth};
    size_t v = 0, m = 0;
    for (size_t q = 0; q < POINTS; q++) {
        const size_t copies = copies_of(q);
        r.g.v_base[q] = v;
        r.g.m_base[q] = m;
        v += copies * x->blocks * depth * chunk + V_GAP;
        m += copies * y->blocks * LINE * chunk + M_GAP;
    }
    r.m = scratch + v;
    struct kept *wide = &r.g.wide;
    wide->map = (struct ck_map){scratch + v + m, x->samples, y->blocks, 2 * x->height + 1,
                                2 * x->width + 1};
    wide->planes = keeps_all ? x->samples * y->blocks : y->blocks;
    wide->rows = keeps_all ? wide->map.height + 2 : RING;
    r.blur = (struct blur){*wide, *y, *epilogue, f[0], f[1], streams(y)};
    r.across = x->width / 4 + 1;
    r.rows = x->samples * (x->height / 4 + 1);
    if (!keeps_all) {
        r.parts = (size_t)ck_threads();
        ck_parallel(r.parts, 1, up_private_part, &r);
        return;
    }
    ck_clear_border(&wide->map);
    const size_t tiles = r.rows * r.across;
    for (r.begin = 0; r.begin < tiles; r.begin = r.end) {
        r.end = r.begin + chunk < tiles ? r.begin + chunk : tiles;
        ck_parallel(x->blocks, 1, up_input_part, &r);
        ck_parallel(PRODUCTS * ((y->blocks + 1) / 2), 1, up_product_part, &r);
        ck_parallel(y->blocks, 1, up_output_part, &r);
    }
    ck_parallel(y->samples * y->blocks * y->height, 4, blur_part, &r.blur);
}

// ---- Direct

struct rows {
    const struct ck_map *x, *y;
    const float *styles;
    const struct ck_epilogue *epilogue;
    struct ck_map *scaled;
    const struct direct *direct;
    const struct rgb *rgb;
};

static void scale_part(void *context, size_t first, size_t last) {
    const struct rows *r = context;
    chosen()->scale(r->x, r->styles, r->scaled, first, last);
}

static void direct_part(void *context, size_t first, size_t last) {
    chosen()->direct(((const struct rows *)context)->direct, first, last);
}

static void finish_part(void *context, size_t first, size_t last) {
    const struct rows *r = context;
    chosen()->finish_rows(r->y, r->epilogue, first, last);
}

static void rgb_part(void *context, size_t first, size_t last) {
    const struct rgb *g = ((const struct rows *)context)->rgb;
    float *line = ck_aligned(g->x.map.width * LINE);
    chosen()->rgb_rows(g, line, first, last);
    free(line);
}

static void scale_into(const struct ck_map *x, const float *styles, struct ck_map *scaled) {
    struct rows r = {.x = x, .styles = styles, .scaled = scaled};
    ck_parallel(x->samples * x->blocks * x->height, 8, scale_part, &r);
}

// Offsets of taps (row, column) of the bordered map, block by block.
static void fill_offsets(const struct ck_map *x, const size_t (*taps)[2], size_t count,
                         ptrdiff_t *offsets) {
    const size_t row = (x->width + 2) * LINE, block = (x->height + 2) * row;
    for (size_t t = 0; t < count; t++)
        for (size_t b = 0; b < x->blocks; b++)
            *offsets++ = (ptrdiff_t)(b * block + taps[t][0] * row + taps[t][1] * LINE);
}

static void run_direct(struct direct *d) {
    struct rows r = {.direct = d};
    ck_parallel((d->y.blocks + 1) / 2 * d->y.samples * d->y.height, 1, direct_part, &r);
}

void ck_direct(const struct ck_map *x, const float *styles, const float *packed,
               const struct ck_epilogue *epilogue, struct ck_map *scaled, struct ck_map *y) {
    static const size_t taps[9][2] = {{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1},
                                      {1, 2}, {2, 0}, {2, 1}, {2, 2}};
    ptrdiff_t offsets[9 * CK_MAX_BLOCKS];
    scale_into(x, styles, scaled);
    fill_offsets(scaled, taps, 9, offsets);
    struct direct d = {*scaled, *y, 1, {{packed, offsets, 9 * x->blocks}}};
    run_direct(&d);
    struct rows r = {.y = y, .epilogue = epilogue};
    ck_parallel(y->samples * y->blocks * y->height, 8, finish_part, &r);
}

void ck_direct_up(const struct ck_map *x, const float *styles, const float *const packed[4],
                  const struct ck_epilogue *epilogue, const float f[4], struct ck_map *scaled,
                  struct ck_map *wide, struct ck_map *y) {
    // An even row or column of the result sees the pixel before and the pixel itself, an odd one the pixel.
    static const size_t taps[4][4][2] = {{{0, 0}, {0, 1}, {1, 0}, {1, 1}},
                                         {{0, 1}, {1, 1}},
                                         {{1, 0}, {1, 1}},
                                         {{1, 1}}};
    static const size_t counts[4] = {4, 2, 2, 1};
    ptrdiff_t offsets[9 * CK_MAX_BLOCKS], *next = offsets;
    scale_into(x, styles, scaled);
    struct direct d = {*scaled, *wide, 4, {{0}}};
    for (size_t p = 0; p < 4; p++) {
        fill_offsets(scaled, taps[p], counts[p], next);
        d.phase[p] = (struct phase){packed[p], next, counts[p] * x->blocks};
        next += counts[p] * x->blocks;
    }
    run_direct(&d);
    struct blur blur = {keep_all(wide), *y, *epilogue, f[0], f[1], streams(y)};
    ck_parallel(y->samples * y->blocks * y->height, 4, blur_part, &blur);
}

void ck_rgb(const struct ck_map *x, const struct ck_rgb *to) {
    struct rgb g = {keep_all(x), *to};
    struct rows r = {.rgb = &g};
    ck_parallel(x->samples * x->height, 8, rgb_part, &r);
}
