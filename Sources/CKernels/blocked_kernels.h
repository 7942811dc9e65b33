// The kernels of blocked.c, compiled once for each instruction set, hence without a guard.
// Needs NAME(x), ROWS (pixels that a micro-kernel computes at once) and VECTORS (blocks of 16 outputs at once).

typedef float NAME(v16) __attribute__((vector_size(64), aligned(64)));
#define V16 NAME(v16)

static inline V16 NAME(splat)(float x) { return x - (V16){}; }

// out[row][vector] = sum over steps s and places c of a[offset_s + row*row_step + c] * b[s][c][vector]. A place
// holds one number, or two in bfloat16: DEPTH places make 16 channels, ADD(sum, x, w) adds their products.
#define MICRO_KERNEL(FUNCTION, R, N, DEPTH, ADD)                                                    \
    static void FUNCTION(const float *a, const ptrdiff_t *offsets, size_t steps, size_t row_step,   \
                         const float *b, size_t b_step, float *out, size_t out_row,                 \
                         size_t out_vector) {                                                       \
        V16 sum[R][N];                                                                              \
        for (int r = 0; r < R; r++)                                                                 \
            for (int n = 0; n < N; n++) sum[r][n] = NAME(splat)(0);                                 \
        for (size_t s = 0; s < steps; s++) {                                                        \
            const float *x = a + offsets[s];                                                        \
            _Pragma("clang loop unroll_count(4)") for (size_t c = 0; c < DEPTH; c++) {              \
                V16 w[N];                                                                           \
                for (int n = 0; n < N; n++) w[n] = *(const V16 *)(b + 16 * n);                      \
                for (int r = 0; r < R; r++) {                                                       \
                    const V16 v = NAME(splat)(x[(size_t)r * row_step + c]);                         \
                    for (int n = 0; n < N; n++) sum[r][n] = ADD(sum[r][n], v, w[n]);                \
                }                                                                                   \
                b += b_step;                                                                        \
            }                                                                                       \
        }                                                                                           \
        for (int r = 0; r < R; r++)                                                                 \
            for (int n = 0; n < N; n++)                                                             \
                *(V16 *)(out + (size_t)r * out_row + (size_t)n * out_vector) = sum[r][n];           \
    }

typedef void (*NAME(micro))(const float *, const ptrdiff_t *, size_t, size_t, const float *, size_t,
                            float *, size_t, size_t);

#define ADD_SINGLE(sum, x, w) ((sum) + (x) * (w))
#define MICRO_KERNELS(R)                                                                            \
    MICRO_KERNEL(NAME(micro_##R##_1), R, 1, 16, ADD_SINGLE)                                         \
    MICRO_KERNEL(NAME(micro_##R##_v), R, VECTORS, 16, ADD_SINGLE)
#define NARROW(R) NAME(micro_##R##_1)
#define WIDE(R) NAME(micro_##R##_v)
MICRO_KERNELS(1)
MICRO_KERNELS(2)
#if ROWS >= 6
MICRO_KERNELS(3)
MICRO_KERNELS(4)
MICRO_KERNELS(5)
MICRO_KERNELS(6)
#endif
#if ROWS >= 8
MICRO_KERNELS(7)
MICRO_KERNELS(8)
#define EACH(K) K(1), K(2), K(3), K(4), K(5), K(6), K(7), K(8)
#elif ROWS >= 6
#define EACH(K) K(1), K(2), K(3), K(4), K(5), K(6)
#else
#define EACH(K) K(1), K(2)
#endif

static const NAME(micro) NAME(narrow)[] = {EACH(NARROW)}, NAME(wide)[] = {EACH(WIDE)};

// Products of `rows` pixels with a panel of `vectors` (1 or 2) blocks of 16 outputs, in pieces of about equal
// height; each sum runs in the same order in all kernels.
ALWAYS_INLINE void NAME(any_product)(const NAME(micro) *narrow, const NAME(micro) *wide,
                                     const float *a, const ptrdiff_t *offsets, size_t steps,
                                     size_t rows, size_t row_step, const float *b, size_t vectors,
                                     float *out, size_t out_row, size_t out_vector) {
    for (size_t n = 0; n < vectors;) {
        const bool is_wide = vectors - n >= VECTORS && VECTORS > 1;
        for (size_t r = 0; r < rows;) {
            const size_t pieces = (rows - r + ROWS - 1) / ROWS, height = (rows - r) / pieces;
            (is_wide ? wide : narrow)[height - 1](
                a + r * row_step, offsets, steps, row_step, b + 16 * n, 16 * vectors,
                out + r * out_row + n * out_vector, out_row, out_vector);
            r += height;
        }
        n += is_wide ? VECTORS : 1;
    }
}

static void NAME(product)(const float *a, const ptrdiff_t *offsets, size_t steps, size_t rows,
                          size_t row_step, const float *b, size_t vectors, float *out,
                          size_t out_row, size_t out_vector) {
    NAME(any_product)(NAME(narrow), NAME(wide), a, offsets, steps, rows, row_step, b, vectors, out,
                      out_row, out_vector);
}

typedef void (*NAME(product_kind))(const float *, const ptrdiff_t *, size_t, size_t, size_t,
                                   const float *, size_t, float *, size_t, size_t);

// How the numbers that enter products are kept: as they are here, rounded in bf16_kernels.h.
typedef void (*NAME(keep))(V16, float *);
static inline void NAME(keep_single)(V16 x, float *to) { *(V16 *)to = x; }

// ---- Winograd F(4x4, 3x3) with the points 0, +-5/8, +-3/2, infinity.

static inline void NAME(input_1d)(const V16 d[6], V16 t[6]) {
    t[0] = d[0] * 0.87890625f - d[2] * 2.640625f + d[4];
    const V16 e1 = d[4] - d[2] * 2.25f, o1 = d[3] * 0.625f - d[1] * 1.40625f;
    t[1] = e1 + o1;
    t[2] = e1 - o1;
    const V16 e2 = d[4] - d[2] * 0.390625f, o2 = d[3] * 1.5f - d[1] * 0.5859375f;
    t[3] = e2 + o2;
    t[4] = e2 - o2;
    t[5] = d[1] * 0.87890625f - d[3] * 2.640625f + d[5];
}

static inline void NAME(output_1d)(const V16 m[6], V16 y[4]) {
    const V16 s1 = m[1] + m[2], q1 = m[1] - m[2], s2 = m[3] + m[4], q2 = m[3] - m[4];
    y[0] = m[0] + s1 + s2;
    y[1] = q1 * 0.625f + q2 * 1.5f;
    y[2] = s1 * 0.390625f + s2 * 2.25f;
    y[3] = q1 * 0.244140625f + q2 * 3.375f + m[5];
}

// One tile of one block of channels: x points at the tile's corner in the bordered plane.
ALWAYS_INLINE void NAME(input_tile)(const float *x, size_t row, V16 scale, float *v, size_t point,
                                    NAME(keep) keep) {
    V16 r[6][6];
    // Four tiles ahead: the six rows are too short for the processor to see where they lead.
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 4; j++)
            __builtin_prefetch(x + (size_t)i * row + 16 * (16 + j), 0, 3);
    for (int i = 0; i < 6; i++) {
        V16 d[6];
        for (int j = 0; j < 6; j++) d[j] = *(const V16 *)(x + i * row + 16 * j) * scale;
        NAME(input_1d)(d, r[i]);
    }
    KEEP(r);
    for (int j = 0; j < 6; j++) {
        V16 d[6], t[6];
        for (int i = 0; i < 6; i++) d[i] = r[i][j];
        NAME(input_1d)(d, t);
        for (int i = 0; i < 6; i++) keep(t[i], v + (size_t)(6 * i + j) * point);
    }
}

ALWAYS_INLINE void NAME(any_input)(const struct winograd *g, size_t begin, size_t end, float *v,
                                   size_t first, size_t last, NAME(keep) keep) {
    const size_t row = (g->x.width + 2) * 16, across = g->x.width / 4,
                 tiles = g->x.height / 4 * across, chunk = end - begin;
    const size_t plane = (g->x.height + 2) * row;
    for (size_t b = first; b < last; b++) {
        for (size_t t = begin; t < end; t++) {
            const size_t n = t / tiles, ty = t % tiles / across, tx = t % across;
            const float *x =
                g->x.data + (n * g->x.blocks + b) * plane + 4 * ty * row + 4 * tx * 16;
            const V16 scale = *(const V16 *)(g->styles + (n * g->x.blocks + b) * 16);
            NAME(input_tile)(x, row, scale, v + (b * chunk + t - begin) * g->depth, g->v_point, keep);
        }
    }
}

static void NAME(input)(const struct winograd *g, size_t begin, size_t end, float *v, size_t first,
                        size_t last) {
    NAME(any_input)(g, begin, end, v, first, last, NAME(keep_single));
}

ALWAYS_INLINE void NAME(any_products)(const struct winograd *g, const float *v, float *m,
                                      size_t chunk, size_t first, size_t last,
                                      NAME(product_kind) product) {
    const size_t out_blocks = g->y.map.blocks, panels = (out_blocks + 1) / 2;
    ptrdiff_t offsets[CK_MAX_BLOCKS];
    for (size_t b = 0; b < g->x.blocks; b++) offsets[b] = (ptrdiff_t)(b * chunk * g->depth);
    const size_t point = g->x.blocks * g->depth * out_blocks * 16;
    for (size_t i = first; i < last; i++) {
        const size_t p = i / panels, k = i % panels;
        const size_t vectors = 2 * k + 2 <= out_blocks ? 2 : 1;
        product(v + p * g->v_point, offsets, g->x.blocks, chunk, g->depth,
                g->weights + p * point + k * g->x.blocks * g->depth * 32, vectors,
                m + p * g->m_point + 2 * k * chunk * 16, 16, chunk * 16);
    }
}

static void NAME(products)(const struct winograd *g, const float *v, float *m, size_t chunk,
                           size_t first, size_t last) {
    NAME(any_products)(g, v, m, chunk, first, last, NAME(product));
}

static inline V16 NAME(finish)(const struct ck_epilogue *e, V16 v, V16 demod, V16 bias, V16 slope,
                               float noise) {
    v = v * demod + (bias + noise);
    v = __builtin_elementwise_max(v, v * slope) * e->gain;
    if (e->clamp >= 0) {
        v = __builtin_elementwise_min(v, NAME(splat)(e->clamp));
        v = __builtin_elementwise_max(v, NAME(splat)(-e->clamp));
    }
    return v;
}

// A result that the caches cannot hold until it is read goes past them.
static inline void NAME(put)(V16 v, float *to, bool streams) {
    if (streams)
        __builtin_nontemporal_store(v, (V16 *)to);
    else
        *(V16 *)to = v;
}

static inline void NAME(output_tile)(const struct winograd *g, const float *m, size_t n, size_t k,
                                     size_t ty, size_t tx) {
    V16 r[6][4];
    for (int i = 0; i < 6; i++) {
        V16 s[6];
        for (int j = 0; j < 6; j++) s[j] = *(const V16 *)(m + (size_t)(6 * i + j) * g->m_point);
        NAME(output_1d)(s, r[i]);
    }
    KEEP(r);
    const struct ck_epilogue *e = &g->epilogue;
    const size_t plane = n * g->y.map.blocks + k;
    const V16 demod = *(const V16 *)(e->demod + plane * 16);
    const V16 bias = *(const V16 *)(e->bias + k * 16);
    const V16 slope = e->slopes ? *(const V16 *)(e->slopes + k * 16) : NAME(splat)(e->slope);
    float *rows[4];
    for (size_t i = 0; i < 4; i++) rows[i] = kept_row(&g->y, plane, 4 * ty + i + 1) + (4 * tx + 1) * 16;
    for (int j = 0; j < 4; j++) {
        V16 s[6], z[4];
        for (int i = 0; i < 6; i++) s[i] = r[i][j];
        NAME(output_1d)(s, z);
        for (int i = 0; i < 4; i++) {
            const size_t at = (4 * ty + i) * g->x.width + 4 * tx + j;
            const float noise = e->noise ? e->noise[at] * e->strength : 0;
            NAME(put)(NAME(finish)(e, z[i], demod, bias, slope, noise), rows[i] + j * 16, g->streams);
        }
    }
}

static void NAME(output)(const struct winograd *g, size_t begin, size_t end, const float *m,
                         size_t first, size_t last) {
    const size_t across = g->x.width / 4, tiles = g->x.height / 4 * across, chunk = end - begin;
    for (size_t t = begin; t < end; t++) {
        const size_t n = t / tiles, ty = t % tiles / across, tx = t % across;
        for (size_t k = first; k < last; k++)
            NAME(output_tile)(g, m + (k * chunk + t - begin) * 16, n, k, ty, tx);
    }
}

// ---- Weights of F(4x4, 3x3): G w G^T for 16 outputs at once.

static inline void NAME(weights_1d)(const V16 w[3], V16 u[6]) {
    u[0] = w[0] * (256.0f / 225);
    const V16 e1 = w[0] * (-2048.0f / 2975) - w[2] * (32.0f / 119), o1 = w[1] * (256.0f / 595);
    u[1] = e1 - o1;
    u[2] = e1 + o1;
    const V16 e2 = w[0] * (128.0f / 1071) + w[2] * (32.0f / 119), o2 = w[1] * (64.0f / 357);
    u[3] = e2 + o2;
    u[4] = e2 - o2;
    u[5] = w[2];
}

// w holds 9 taps of 16 outputs, u gets 36 points of 16 outputs, `point` apart.
static void NAME(weights)(const float *w, float *u, size_t point) {
    V16 r[6][3];
    for (int j = 0; j < 3; j++) {
        V16 c[3], t[6];
        for (int i = 0; i < 3; i++) c[i] = *(const V16 *)(w + 16 * (3 * i + j));
        NAME(weights_1d)(c, t);
        for (int i = 0; i < 6; i++) r[i][j] = t[i];
    }
    for (int i = 0; i < 6; i++) {
        V16 t[6];
        NAME(weights_1d)(r[i], t);
        for (int j = 0; j < 6; j++) *(V16 *)(u + (size_t)(6 * i + j) * point) = t[j];
    }
}

// ---- The transposed convolution with stride 2 by Winograd's algorithm.
//
// On one axis the even results are sums of two taps, F(4, 2) with the points 0, +-3/4, 2, infinity, the odd ones
// products with the middle tap: nine products for eight results, of which the last four share their weight.

static inline void NAME(up_input_1d)(const V16 d[5], V16 t[9]) {
    t[0] = d[0] * 1.125f - d[1] * 0.5625f - d[2] * 2 + d[3];
    t[1] = d[3] - d[1] * 1.5f - d[2] * 1.25f;
    t[2] = d[3] + d[1] * 1.5f - d[2] * 2.75f;
    t[3] = d[3] - d[1] * 0.5625f;
    t[4] = d[1] * 1.125f - d[2] * 0.5625f - d[3] * 2 + d[4];
    for (int i = 1; i < 5; i++) t[4 + i] = d[i];
}

static inline void NAME(up_output_1d)(const V16 m[9], V16 y[8]) {
    const V16 sum = m[1] + m[2], difference = m[1] - m[2];
    y[0] = m[0] + sum + m[3];
    y[2] = difference * 0.75f + m[3] * 2;
    y[4] = sum * 0.5625f + m[3] * 4;
    y[6] = difference * 0.421875f + m[3] * 8 + m[4];
    for (int i = 0; i < 4; i++) y[2 * i + 1] = m[5 + i];
}

static inline void NAME(up_weights_1d)(const V16 w[3], V16 u[6]) {
    u[0] = w[2] * (8.0f / 9);
    u[1] = w[2] * (-32.0f / 45) - w[0] * (8.0f / 15);
    u[2] = w[0] * (8.0f / 33) - w[2] * (32.0f / 99);
    u[3] = w[2] * (8.0f / 55) + w[0] * (16.0f / 55);
    u[4] = w[0];
    u[5] = w[1];
}

static void NAME(up_weights)(const float *w, float *u, size_t point) {
    V16 r[6][3];
    for (int j = 0; j < 3; j++) {
        V16 c[3], t[6];
        for (int i = 0; i < 3; i++) c[i] = *(const V16 *)(w + 16 * (3 * i + j));
        NAME(up_weights_1d)(c, t);
        for (int i = 0; i < 6; i++) r[i][j] = t[i];
    }
    for (int i = 0; i < 6; i++) {
        V16 t[6];
        NAME(up_weights_1d)(r[i], t);
        for (int j = 0; j < 6; j++) *(V16 *)(u + (size_t)(6 * i + j) * point) = t[j];
    }
}

ALWAYS_INLINE void NAME(up_input_tile)(const float *x, size_t row, V16 scale, float *v,
                                       const size_t place[PRODUCTS], NAME(keep) keep) {
    V16 r[5][9];
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 4; j++)
            __builtin_prefetch(x + (size_t)i * row + 16 * (16 + j), 0, 3);
    for (int i = 0; i < 5; i++) {
        V16 d[5];
        for (int j = 0; j < 5; j++) d[j] = *(const V16 *)(x + i * row + 16 * j) * scale;
        NAME(up_input_1d)(d, r[i]);
    }
    KEEP(r);
    for (int j = 0; j < 9; j++) {
        V16 d[5], t[9];
        for (int i = 0; i < 5; i++) d[i] = r[i][j];
        NAME(up_input_1d)(d, t);
        for (int i = 0; i < 9; i++) keep(t[i], v + place[9 * i + j]);
    }
}

ALWAYS_INLINE void NAME(any_up_input)(const struct upward *g, size_t begin, size_t end, float *v,
                                      size_t first, size_t last, NAME(keep) keep) {
    const size_t row = (g->x.width + 2) * 16, plane = (g->x.height + 2) * row;
    const size_t across = g->x.width / 4 + 1, tiles = (g->x.height / 4 + 1) * across;
    float edge[5 * 5 * 16] __attribute__((aligned(64)));
    for (size_t b = first; b < last; b++) {
        size_t place[PRODUCTS];
        place_products(g->v_base, b, end - begin, g->depth, place);
        for (size_t t = begin; t < end; t++) {
            const size_t n = t / tiles, ty = t % tiles / across, tx = t % across;
            const V16 scale = *(const V16 *)(g->styles + (n * g->x.blocks + b) * 16);
            const float *x = g->x.data + (n * g->x.blocks + b) * plane + 4 * ty * row + 4 * tx * 16;
            float *to = v + (t - begin) * g->depth;
            if (4 * ty < g->x.height && 4 * tx < g->x.width) {
                NAME(up_input_tile)(x, row, scale, to, place, keep);
                continue;
            }
            for (size_t i = 0; i < 5; i++) {
                for (size_t j = 0; j < 5; j++) {
                    const bool is_there =
                        4 * ty + i < g->x.height + 2 && 4 * tx + j < g->x.width + 2;
                    *(V16 *)(edge + (5 * i + j) * 16) =
                        is_there ? *(const V16 *)(x + i * row + j * 16) : NAME(splat)(0);
                }
            }
            NAME(up_input_tile)(edge, 5 * 16, scale, to, place, keep);
        }
    }
}

static void NAME(up_input)(const struct upward *g, size_t begin, size_t end, float *v, size_t first,
                           size_t last) {
    NAME(any_up_input)(g, begin, end, v, first, last, NAME(keep_single));
}

ALWAYS_INLINE void NAME(any_up_products)(const struct upward *g, const float *v, float *m,
                                         size_t tiles, size_t first, size_t last,
                                         NAME(product_kind) product) {
    const size_t point = g->x.blocks * g->depth * g->y.blocks * 16;
    struct product_walk walk = {.panels = (g->y.blocks + 1) / 2};
    ptrdiff_t offsets[CK_MAX_BLOCKS];
    for (size_t i = first; i < last; i++) {
        size_t k, copy;
        find_product(&walk, i, &k, &copy);
        const size_t q = walk.q, copies = copies_of(q), vectors = 2 * k + 2 <= g->y.blocks ? 2 : 1;
        for (size_t b = 0; b < g->x.blocks; b++)
            offsets[b] = (ptrdiff_t)(b * copies * tiles * g->depth);
        product(v + g->v_base[q] + copy * tiles * g->depth, offsets, g->x.blocks, tiles, g->depth,
                g->weights + q * point + k * g->x.blocks * g->depth * 32, vectors,
                m + g->m_base[q] + (2 * k * copies + copy) * tiles * 16, 16, copies * tiles * 16);
    }
}

static void NAME(up_products)(const struct upward *g, const float *v, float *m, size_t tiles,
                              size_t first, size_t last) {
    NAME(any_up_products)(g, v, m, tiles, first, last, NAME(product));
}

static void NAME(up_output)(const struct upward *g, size_t begin, size_t end, const float *m,
                            size_t first, size_t last) {
    const struct ck_map *y = &g->wide.map;
    const size_t across = g->x.width / 4 + 1, tiles = (g->x.height / 4 + 1) * across;
    for (size_t k = first; k < last; k++) {
        size_t place[PRODUCTS];
        place_products(g->m_base, k, end - begin, 16, place);
        for (size_t t = begin; t < end; t++) {
            const size_t n = t / tiles, ty = t % tiles / across, tx = t % across;
            const float *from = m + (t - begin) * 16;
            V16 r[8][9];
            for (int j = 0; j < 9; j++) {
                V16 s[9], z[8];
                for (int i = 0; i < 9; i++) s[i] = *(const V16 *)(from + place[9 * i + j]);
                NAME(up_output_1d)(s, z);
                for (int i = 0; i < 8; i++) r[i][j] = z[i];
            }
            KEEP(r);
            const size_t height = y->height - 8 * ty, width = y->width - 8 * tx;
            for (size_t i = 0; i < 8 && i < height; i++) {
                V16 z[8];
                NAME(up_output_1d)(r[i], z);
                float *to = kept_row(&g->wide, n * y->blocks + k, 8 * ty + 1 + i) + (8 * tx + 1) * 16;
                for (size_t j = 0; j < 8 && j < width; j++) *(V16 *)(to + j * 16) = z[j];
            }
        }
    }
}

// ---- Direct convolutions and what surrounds them.

static void NAME(scale)(const struct ck_map *x, const float *styles, struct ck_map *y, size_t first,
                        size_t last) {
    for (size_t i = first; i < last; i++) {  // rows of all planes
        const size_t row = (x->width + 2) * 16, plane = i / x->height, down = i % x->height + 1;
        const size_t at = (plane * (x->height + 2) + down) * row + 16;
        const V16 s = *(const V16 *)(styles + plane * 16);
        for (size_t j = 0; j < x->width * 16; j += 16)
            *(V16 *)(y->data + at + j) = *(const V16 *)(x->data + at + j) * s;
    }
}

// Rows of the output, panel by panel: plain 3x3, or the phases of the transposed one.
static void NAME(direct)(const struct direct *d, size_t first, size_t last) {
    const struct ck_map *x = &d->x, *y = &d->y;
    const size_t x_row = (x->width + 2) * 16, x_sample = x->blocks * (x->height + 2) * x_row;
    const size_t y_row = (y->width + 2) * 16, y_block = (y->height + 2) * y_row;
    for (size_t i = first; i < last; i++) {
        const size_t down = i % y->height, n = i / y->height % y->samples,
                     panel = i / y->height / y->samples;
        const size_t vectors = 2 * panel + 2 <= y->blocks ? 2 : 1;
        const size_t up = d->phases == 4 ? 2 : 1;
        const float *a = x->data + n * x_sample + down / up * x_row;
        float *out = y->data + (n * y->blocks + 2 * panel) * y_block + (down + 1) * y_row + 16;
        for (size_t across = 0; across < up; across++) {
            const struct phase *phase = &d->phase[(down % up) * up + across];
            const size_t count = up == 1 ? y->width : x->width + 1 - across;
            NAME(product)(a, phase->offsets, phase->steps, count, 16,
                          phase->weights + panel * phase->steps * 16 * 32, vectors,
                          out + across * 16, 16 * up, y_block);
        }
    }
}

static void NAME(finish_rows)(const struct ck_map *y, const struct ck_epilogue *e, size_t first,
                              size_t last) {
    for (size_t i = first; i < last; i++) {
        const size_t row = (y->width + 2) * 16, plane = i / y->height, down = i % y->height;
        float *at = y->data + (plane * (y->height + 2) + down + 1) * row + 16;
        const V16 demod = *(const V16 *)(e->demod + plane * 16);
        const V16 bias = *(const V16 *)(e->bias + plane % y->blocks * 16);
        for (size_t j = 0; j < y->width; j++) {
            const float noise = e->noise ? e->noise[down * y->width + j] * e->strength : 0;
            V16 *v = (V16 *)(at + 16 * j);
            *v = NAME(finish)(e, *v, demod, bias, NAME(splat)(e->slope), noise);
        }
    }
}

// Rows first..<last of one plane of y: the 4x4 blur of x, one pixel larger on each axis, then the epilogue.
static void NAME(blur_rows)(const struct blur *g, size_t plane, size_t first, size_t last) {
    enum { PART = 64 };
    const struct ck_map *y = &g->y;
    const struct ck_epilogue *e = &g->epilogue;
    const size_t y_row = row_of(y);
    const V16 demod = *(const V16 *)(e->demod + plane * 16);
    const V16 bias = *(const V16 *)(e->bias + plane % y->blocks * 16);
    V16 line[PART + 3];
    for (size_t down = first; down < last; down++) {
        const float *rows[4];
        for (size_t i = 0; i < 4; i++) rows[i] = kept_row(&g->x, plane, down + i);
        float *to = y->data + (plane * (y->height + 2) + down + 1) * y_row + 16;
        for (size_t left = 0; left < y->width; left += PART) {
            const size_t count = y->width - left < PART ? y->width - left : PART;
            for (size_t j = 0; j < count + 3; j++) {
                const size_t at = (left + j) * 16;
                line[j] = (*(const V16 *)(rows[0] + at) + *(const V16 *)(rows[3] + at)) * g->outer +
                          (*(const V16 *)(rows[1] + at) + *(const V16 *)(rows[2] + at)) * g->inner;
            }
            for (size_t j = 0; j < count; j++) {
                const V16 sum =
                    (line[j] + line[j + 3]) * g->outer + (line[j + 1] + line[j + 2]) * g->inner;
                const size_t across = left + j;
                const float noise = e->noise ? e->noise[down * y->width + across] * e->strength : 0;
                NAME(put)(NAME(finish)(e, sum, demod, bias, NAME(splat)(e->slope), noise), to + across * 16,
                          g->streams);
            }
        }
    }
}

// Rows of pictures: three modulated sums over the channels, bias, clamp, and the picture below.
static void NAME(rgb_rows)(const struct rgb *g, float *line, size_t first, size_t last) {
    const struct ck_map *x = &g->x.map;
    const struct ck_rgb *to = &g->to;
    const size_t pixels = x->height * x->width;
    ptrdiff_t offsets[CK_MAX_BLOCKS];
    for (size_t b = 0; b < x->blocks; b++) offsets[b] = (ptrdiff_t)(b * g->x.rows * row_of(x));
    for (size_t i = first; i < last; i++) {
        const size_t n = i / x->height, down = i % x->height;
        const float *a = kept_row(&g->x, n * x->blocks, down + 1) + 16;
        NAME(product)(a, offsets, x->blocks, x->width, 16, to->weights + n * x->blocks * 16 * 16, 1,
                      line, 16, 0);
        for (size_t c = 0; c < 3; c++) {
            const size_t at = (n * 3 + c) * pixels + down * x->width;
            for (size_t j = 0; j < x->width; j++) {
                float v = line[16 * j + c] + to->bias[c];
                if (to->clamp >= 0) v = v > to->clamp ? to->clamp : v < -to->clamp ? -to->clamp : v;
                to->image[at + j] = to->below ? v + to->below[at + j] : v;
            }
        }
    }
}
