// The kernels of blocked.c, compiled once for each instruction set, hence without a guard.
// Needs NAME(x), ROWS (pixels that a micro-kernel computes at once) and VECTORS (blocks of 16 outputs at once).

typedef float NAME(v16) __attribute__((vector_size(64), aligned(64)));
#define V16 NAME(v16)

static inline V16 NAME(splat)(float x) { return x - (V16){}; }

// out[row][vector] = sum over steps s and channels c of a[offset_s + row*row_step + c] * b[s][c][vector].
#define MICRO_KERNEL(FUNCTION, R, N)                                                                \
    static void FUNCTION(const float *a, const ptrdiff_t *offsets, size_t steps, size_t row_step,   \
                         const float *b, size_t b_step, float *out, size_t out_row,                 \
                         size_t out_vector) {                                                       \
        V16 sum[R][N];                                                                              \
        for (int r = 0; r < R; r++)                                                                 \
            for (int n = 0; n < N; n++) sum[r][n] = NAME(splat)(0);                                 \
        for (size_t s = 0; s < steps; s++) {                                                        \
            const float *x = a + offsets[s];                                                        \
            _Pragma("clang loop unroll_count(4)") for (size_t c = 0; c < 16; c++) {                 \
                V16 w[N];                                                                           \
                for (int n = 0; n < N; n++) w[n] = *(const V16 *)(b + 16 * n);                      \
                for (int r = 0; r < R; r++) {                                                       \
                    const V16 v = NAME(splat)(x[(size_t)r * row_step + c]);                         \
                    for (int n = 0; n < N; n++) sum[r][n] += v * w[n];                              \
                }                                                                                   \
                b += b_step;                                                                        \
            }                                                                                       \
        }                                                                                           \
        for (int r = 0; r < R; r++)                                                                 \
            for (int n = 0; n < N; n++)                                                             \
                *(V16 *)(out + (size_t)r * out_row + (size_t)n * out_vector) = sum[r][n];           \
    }

MICRO_KERNEL(NAME(micro_full), ROWS, VECTORS)
MICRO_KERNEL(NAME(micro_rows), ROWS, 1)
MICRO_KERNEL(NAME(micro_vectors), 1, VECTORS)
MICRO_KERNEL(NAME(micro_one), 1, 1)

// Products of `rows` pixels with a panel of `vectors` (1 or 2) blocks of 16 outputs.
static void NAME(product)(const float *a, const ptrdiff_t *offsets, size_t steps, size_t rows,
                          size_t row_step, const float *b, size_t vectors, float *out,
                          size_t out_row, size_t out_vector) {
    const size_t b_step = 16 * vectors;
    size_t n = 0;
    while (n < vectors) {
        const bool wide = vectors - n >= VECTORS && VECTORS > 1;
        size_t r = 0;
        for (; r + ROWS <= rows; r += ROWS)
            (wide ? NAME(micro_full) : NAME(micro_rows))(a + r * row_step, offsets, steps, row_step,
                                                         b + 16 * n, b_step,
                                                         out + r * out_row + n * out_vector, out_row,
                                                         out_vector);
        for (; r < rows; r++)
            (wide ? NAME(micro_vectors) : NAME(micro_one))(a + r * row_step, offsets, steps,
                                                           row_step, b + 16 * n, b_step,
                                                           out + r * out_row + n * out_vector,
                                                           out_row, out_vector);
        n += wide ? VECTORS : 1;
    }
}

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
static inline void NAME(input_tile)(const float *x, size_t row, V16 scale, float *v, size_t point) {
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
        for (int i = 0; i < 6; i++) *(V16 *)(v + (size_t)(6 * i + j) * point) = t[i];
    }
}

static void NAME(input)(const struct winograd *g, size_t begin, size_t end, float *v, size_t first,
                        size_t last) {
    const size_t row = (g->x.width + 2) * 16, across = g->x.width / 4,
                 tiles = g->x.height / 4 * across, chunk = end - begin;
    const size_t plane = (g->x.height + 2) * row;
    for (size_t b = first; b < last; b++) {
        for (size_t t = begin; t < end; t++) {
            const size_t n = t / tiles, ty = t % tiles / across, tx = t % across;
            const float *x =
                g->x.data + (n * g->x.blocks + b) * plane + 4 * ty * row + 4 * tx * 16;
            const V16 scale = *(const V16 *)(g->styles + (n * g->x.blocks + b) * 16);
            NAME(input_tile)(x, row, scale, v + (b * chunk + t - begin) * 16, g->v_point);
        }
    }
}

static void NAME(products)(const struct winograd *g, const float *v, float *m, size_t chunk,
                           size_t first, size_t last) {
    const size_t panels = (g->out_blocks + 1) / 2;
    ptrdiff_t offsets[MAX_BLOCKS];
    for (size_t b = 0; b < g->x.blocks; b++) offsets[b] = (ptrdiff_t)(b * chunk * 16);
    const size_t point = g->x.blocks * 16 * g->out_blocks * 16;
    for (size_t i = first; i < last; i++) {
        const size_t p = i / panels, k = i % panels;
        const size_t vectors = 2 * k + 2 <= g->out_blocks ? 2 : 1;
        NAME(product)(v + p * g->v_point, offsets, g->x.blocks, chunk, 16,
                      g->weights + p * point + k * g->x.blocks * 16 * 32, vectors,
                      m + p * g->m_point + 2 * k * chunk * 16, 16, chunk * 16);
    }
}

static inline V16 NAME(finish)(const struct ck_epilogue *e, V16 v, V16 demod, V16 bias, float noise) {
    v = v * demod + (bias + noise);
    v = __builtin_elementwise_max(v, v * e->slope) * e->gain;
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
                                     size_t ty, size_t tx, size_t phase) {
    V16 r[6][4];
    for (int i = 0; i < 6; i++) {
        V16 s[6];
        for (int j = 0; j < 6; j++) s[j] = *(const V16 *)(m + (size_t)(6 * i + j) * g->m_point);
        NAME(output_1d)(s, r[i]);
    }
    KEEP(r);
    const struct ck_epilogue *e = &g->epilogue;
    const V16 demod = *(const V16 *)(e->demod + (n * g->y.blocks + k) * 16);
    const V16 bias = *(const V16 *)(e->bias + k * 16);
    const size_t row = (g->y.width + 2) * 16, up = g->up ? 2 : 1;
    float *y = g->y.data + (n * g->y.blocks + k) * (g->y.height + 2) * row;
    for (int j = 0; j < 4; j++) {
        V16 s[6], z[4];
        for (int i = 0; i < 6; i++) s[i] = r[i][j];
        NAME(output_1d)(s, z);
        const size_t across = up * (4 * tx + j) + phase % 2;
        for (int i = 0; i < 4; i++) {
            const size_t down = up * (4 * ty + i) + phase / 2;
            const float noise = e->noise ? e->noise[down * g->y.width + across] * e->strength : 0;
            NAME(put)(NAME(finish)(e, z[i], demod, bias, noise),
                      y + (down + 1) * row + (across + 1) * 16, g->streams);
        }
    }
}

static void NAME(output)(const struct winograd *g, size_t begin, size_t end, const float *m,
                         size_t first, size_t last) {
    const size_t across = g->x.width / 4, tiles = g->x.height / 4 * across, chunk = end - begin;
    for (size_t t = begin; t < end; t++) {
        const size_t n = t / tiles, ty = t % tiles / across, tx = t % across;
        for (size_t k = first; k < last; k++) {
            const size_t phase = k / g->y.blocks;
            NAME(output_tile)(g, m + (k * chunk + t - begin) * 16, n, k % g->y.blocks, ty, tx, phase);
        }
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
            *v = NAME(finish)(e, *v, demod, bias, noise);
        }
    }
}

// Rows of y: the 4x4 blur of x, one pixel larger on each axis, then the epilogue.
static void NAME(blur_rows)(const struct ck_map *x, const struct ck_map *y,
                            const struct ck_epilogue *e, const float f[4], float *line, size_t first,
                            size_t last) {
    const size_t x_row = (x->width + 2) * 16, y_row = (y->width + 2) * 16;
    for (size_t i = first; i < last; i++) {
        const size_t plane = i / y->height, down = i % y->height;
        const float *from = x->data + (plane * (x->height + 2) + down) * x_row;
        float *to = y->data + (plane * (y->height + 2) + down + 1) * y_row + 16;
        for (size_t j = 0; j < x_row; j += 16) {
            V16 sum = *(const V16 *)(from + j) * f[0];
            for (size_t k = 1; k < 4; k++) sum += *(const V16 *)(from + k * x_row + j) * f[k];
            *(V16 *)(line + j) = sum;
        }
        const V16 demod = *(const V16 *)(e->demod + plane * 16);
        const V16 bias = *(const V16 *)(e->bias + plane % y->blocks * 16);
        for (size_t j = 0; j < y->width; j++) {
            V16 sum = *(const V16 *)(line + 16 * j) * f[0];
            for (size_t k = 1; k < 4; k++) sum += *(const V16 *)(line + 16 * (j + k)) * f[k];
            const float noise = e->noise ? e->noise[down * y->width + j] * e->strength : 0;
            *(V16 *)(to + 16 * j) = NAME(finish)(e, sum, demod, bias, noise);
        }
    }
}

// Rows of pictures: three modulated sums over the channels, bias, clamp, and the picture below.
static void NAME(rgb_rows)(const struct rgb *g, float *line, size_t first, size_t last) {
    const struct ck_map *x = &g->x;
    const size_t row = (x->width + 2) * 16, block = (x->height + 2) * row;
    const size_t pixels = x->height * x->width;
    ptrdiff_t offsets[MAX_BLOCKS];
    for (size_t b = 0; b < x->blocks; b++) offsets[b] = (ptrdiff_t)(b * block);
    for (size_t i = first; i < last; i++) {
        const size_t n = i / x->height, down = i % x->height;
        const float *a = x->data + n * x->blocks * block + (down + 1) * row + 16;
        NAME(product)(a, offsets, x->blocks, x->width, 16, g->weights + n * x->blocks * 16 * 16, 1,
                      line, 16, 0);
        for (size_t c = 0; c < 3; c++) {
            const size_t at = (n * 3 + c) * pixels + down * x->width;
            for (size_t j = 0; j < x->width; j++) {
                float v = line[16 * j + c] + g->bias[c];
                if (g->clamp >= 0) v = v > g->clamp ? g->clamp : v < -g->clamp ? -g->clamp : v;
                g->image[at + j] = g->below ? v + g->below[at + j] : v;
            }
        }
    }
}
#undef V16
