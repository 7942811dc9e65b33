// The kernels of convolution.c, compiled once for each instruction set, hence without a guard; after micro_kernels.h.

static inline V16 NAME(finish)(V16 v, V16 bias, const float *slopes) {
    v = v + bias;
    if (!slopes) return v;
    return __builtin_elementwise_max(v, NAME(splat)(0)) + __builtin_elementwise_min(v, NAME(splat)(0)) * *(const V16 *)slopes;
}

// Rows of the output, panel by panel of 32 channels, in tiles of nearly equal width.
static void NAME(direct_rows)(const struct direct *d, size_t first, size_t last) {
    const struct ck_map *x = &d->x, *y = &d->y;
    const size_t stride = d->layer.stride, x_row = (x->width + 2) * 16;
    const size_t x_sample = x->blocks * (x->height + 2) * x_row;
    const size_t y_row = (y->width + 2) * 16, y_block = (y->height + 2) * y_row;
    V16 tile[ROWS * 2];
    for (size_t i = first; i < last; i++) {
        const size_t down = i % y->height, n = i / y->height % y->samples, panel = i / y->height / y->samples;
        const size_t width = 2 * panel + 2 <= y->blocks ? 2 : 1;
        const float *a = x->data + n * x_sample + stride * down * x_row;
        const float *b = d->layer.packed + panel * d->steps * 16 * 32;
        float *out = y->data + (n * y->blocks + 2 * panel) * y_block + (down + 1) * y_row + 16;
        size_t across = 0;
        for (size_t tiles = (y->width + ROWS - 1) / ROWS; tiles > 0; tiles--) {
            const size_t rows = (y->width - across + tiles - 1) / tiles;
            for (size_t block = 0; block < width;) {
                const size_t vectors = width - block < VECTORS ? width - block : VECTORS;
                NAME(micros)[rows - 1][vectors - 1](a + across * stride * 16, stride * 16, d->offsets, d->steps, 16,
                                                    b + 16 * block, 16 * width, tile);
                for (size_t v = 0; v < vectors; v++, block++) {
                    const size_t channel = (2 * panel + block) * 16;
                    const V16 bias = *(const V16 *)(d->layer.bias + channel);
                    const float *slopes = d->layer.slopes ? d->layer.slopes + channel : NULL;
                    for (size_t r = 0; r < rows; r++)
                        *(V16 *)(out + block * y_block + (across + r) * 16) =
                            NAME(finish)(tile[r * vectors + v], bias, slopes);
                }
            }
            across += rows;
        }
    }
}

// ---- The 3x3 convolution with stride 2 by Winograd's algorithm.
//
// On one axis a result is a sum of two taps over the even inputs of its tile, F(4, 2) with the points 0, +-3/4, 2,
// infinity, and a product of the middle tap with an odd input: nine products for four results instead of twelve, of
// which the last four share their weight.

static inline void NAME(down_input_1d)(const V16 d[9], V16 t[9]) {
    t[0] = d[0] * 1.125f - d[2] * 0.5625f - d[4] * 2 + d[6];
    t[1] = d[6] - d[2] * 1.5f - d[4] * 1.25f;
    t[2] = d[6] + d[2] * 1.5f - d[4] * 2.75f;
    t[3] = d[6] - d[2] * 0.5625f;
    t[4] = d[2] * 1.125f - d[4] * 0.5625f - d[6] * 2 + d[8];
    for (int i = 0; i < 4; i++) t[5 + i] = d[2 * i + 1];
}

static inline void NAME(down_output_1d)(const V16 m[9], V16 y[4]) {
    const V16 sum = m[1] + m[2], difference = m[1] - m[2];
    y[0] = m[0] + sum + m[3] + m[5];
    y[1] = difference * 0.75f + m[3] * 2 + m[6];
    y[2] = sum * 0.5625f + m[3] * 4 + m[7];
    y[3] = difference * 0.421875f + m[3] * 8 + m[4] + m[8];
}

static inline void NAME(down_weights_1d)(const V16 w[3], V16 u[6]) {
    u[0] = w[0] * (8.0f / 9);
    u[1] = w[0] * (-32.0f / 45) - w[2] * (8.0f / 15);
    u[2] = w[2] * (8.0f / 33) - w[0] * (32.0f / 99);
    u[3] = w[0] * (8.0f / 55) + w[2] * (16.0f / 55);
    u[4] = w[2];
    u[5] = w[1];
}

// w holds 9 taps of 16 outputs, u gets 36 points of 16 outputs, `point` apart.
static void NAME(down_weights)(const float *w, float *u, size_t point) {
    V16 r[6][3];
    for (int j = 0; j < 3; j++) {
        V16 c[3], t[6];
        for (int i = 0; i < 3; i++) c[i] = *(const V16 *)(w + 16 * (3 * i + j));
        NAME(down_weights_1d)(c, t);
        for (int i = 0; i < 6; i++) r[i][j] = t[i];
    }
    for (int i = 0; i < 6; i++) {
        V16 t[6];
        NAME(down_weights_1d)(r[i], t);
        for (int j = 0; j < 6; j++) *(V16 *)(u + (size_t)(6 * i + j) * point) = t[j];
    }
}

static void NAME(down_input)(const struct down *g, size_t first, size_t last) {
    const struct ck_map *x = &g->x;
    const size_t row = (x->width + 2) * 16, plane = (x->height + 2) * row;
    for (size_t b = first; b < last; b++) {
        size_t place[PRODUCTS];
        place_products(g->v_base, b, g->end - g->begin, 16, place);
        for (size_t t = g->begin; t < g->end; t++) {
            const size_t n = t / g->tiles, top = t % g->tiles / g->across * 8, left = t % g->tiles % g->across * 8;
            const float *from = x->data + (n * x->blocks + b) * plane + top * row + left * 16;
            float *to = g->v + (t - g->begin) * 16;
            const size_t height = x->height + 2 - top, width = x->width + 2 - left;
            V16 r[9][9];
            for (size_t i = 0; i < 9; i++) {
                V16 d[9];
                for (size_t j = 0; j < 9; j++)
                    d[j] = i < height && j < width ? *(const V16 *)(from + i * row + 16 * j) : NAME(splat)(0);
                NAME(down_input_1d)(d, r[i]);
            }
            KEEP(r);
            for (int j = 0; j < 9; j++) {
                V16 d[9], z[9];
                for (int i = 0; i < 9; i++) d[i] = r[i][j];
                NAME(down_input_1d)(d, z);
                for (int i = 0; i < 9; i++) *(V16 *)(to + place[9 * i + j]) = z[i];
            }
        }
    }
}

static void NAME(down_products)(const struct down *g, size_t first, size_t last) {
    const size_t point = g->x.blocks * 16 * g->y.blocks * 16, tiles = g->end - g->begin;
    struct product_walk walk = {.panels = (g->y.blocks + 1) / 2};
    ptrdiff_t offsets[CK_MAX_BLOCKS];
    V16 tile[ROWS * 2];
    for (size_t i = first; i < last; i++) {
        size_t k, copy;
        find_product(&walk, i, &k, &copy);
        const size_t q = walk.q, copies = copies_of(q), width = 2 * k + 2 <= g->y.blocks ? 2 : 1;
        for (size_t b = 0; b < g->x.blocks; b++) offsets[b] = (ptrdiff_t)(b * copies * tiles * 16);
        const float *v = g->v + g->v_base[q] + copy * tiles * 16;
        const float *w = g->layer.packed + q * point + k * g->x.blocks * 16 * 32;
        float *m = g->m + g->m_base[q] + (2 * k * copies + copy) * tiles * 16;
        size_t at = 0;
        for (size_t parts = (tiles + ROWS - 1) / ROWS; parts > 0; parts--) {
            const size_t rows = (tiles - at + parts - 1) / parts;
            for (size_t block = 0; block < width;) {
                const size_t vectors = width - block < VECTORS ? width - block : VECTORS;
                NAME(micros)[rows - 1][vectors - 1](v + at * 16, 16, offsets, g->x.blocks, 16, w + 16 * block,
                                                    16 * width, tile);
                for (size_t n = 0; n < vectors; n++, block++)
                    for (size_t r = 0; r < rows; r++)
                        *(V16 *)(m + (block * copies * tiles + at + r) * 16) = tile[r * vectors + n];
            }
            at += rows;
        }
    }
}

static void NAME(down_output)(const struct down *g, size_t first, size_t last) {
    const struct ck_map *y = &g->y;
    const size_t row = (y->width + 2) * 16, plane = (y->height + 2) * row;
    for (size_t k = first; k < last; k++) {
        size_t place[PRODUCTS];
        place_products(g->m_base, k, g->end - g->begin, 16, place);
        const V16 bias = *(const V16 *)(g->layer.bias + k * 16);
        const float *slopes = g->layer.slopes ? g->layer.slopes + k * 16 : NULL;
        for (size_t t = g->begin; t < g->end; t++) {
            const size_t n = t / g->tiles, top = t % g->tiles / g->across * 4, left = t % g->tiles % g->across * 4;
            const float *from = g->m + (t - g->begin) * 16;
            V16 r[4][9];
            for (int j = 0; j < 9; j++) {
                V16 s[9], z[4];
                for (int i = 0; i < 9; i++) s[i] = *(const V16 *)(from + place[9 * i + j]);
                NAME(down_output_1d)(s, z);
                for (int i = 0; i < 4; i++) r[i][j] = z[i];
            }
            KEEP(r);
            float *to = y->data + (n * y->blocks + k) * plane + (top + 1) * row + (left + 1) * 16;
            for (size_t i = 0; i < 4 && top + i < y->height; i++) {
                V16 z[4];
                NAME(down_output_1d)(r[i], z);
                for (size_t j = 0; j < 4 && left + j < y->width; j++)
                    *(V16 *)(to + i * row + j * 16) = NAME(finish)(z[j], bias, slopes);
            }
        }
    }
}

// ---- Passes over rows of all planes.

static void NAME(affine_rows)(const struct rows *g, size_t first, size_t last) {
    const struct ck_map *x = &g->x;
    for (size_t i = first; i < last; i++) {
        const size_t row = (x->width + 2) * 16, plane = i / x->height, channel = plane % x->blocks * 16;
        const size_t at = (plane * (x->height + 2) + i % x->height + 1) * row + 16;
        const V16 scale = *(const V16 *)(g->scale + channel), shift = *(const V16 *)(g->shift + channel);
        for (size_t j = 0; j < x->width * 16; j += 16)
            *(V16 *)(g->y.data + at + j) = *(const V16 *)(x->data + at + j) * scale + shift;
    }
}

static void NAME(mean_planes)(const struct rows *g, size_t first, size_t last) {
    const struct ck_map *x = &g->x;
    for (size_t plane = first; plane < last; plane++) {
        const size_t row = (x->width + 2) * 16;
        const float *from = x->data + (plane * (x->height + 2) + 1) * row + 16;
        V16 sum = NAME(splat)(0);
        for (size_t i = 0; i < x->height; i++) {
            V16 line = NAME(splat)(0);
            for (size_t j = 0; j < x->width; j++) line += *(const V16 *)(from + i * row + 16 * j);
            sum += line;
        }
        *(V16 *)(g->means + plane * 16) = sum / (float)(x->height * x->width);
    }
}

static void NAME(gated_rows)(const struct rows *g, size_t first, size_t last) {
    const struct ck_map *x = &g->x, *kept = &g->kept;
    const size_t row = (x->width + 2) * 16, kept_row = (kept->width + 2) * 16;
    for (size_t i = first; i < last; i++) {
        const size_t plane = i / x->height, down = i % x->height, channel = plane % x->blocks * 16;
        const size_t at = (plane * (x->height + 2) + down + 1) * row + 16;
        const float *from = kept->data + (plane * (kept->height + 2) + g->stride * down + 1) * kept_row + 16;
        const V16 gate = *(const V16 *)(g->gate + plane * 16);
        for (size_t j = 0; j < x->width; j++) {
            const V16 v = *(const V16 *)(x->data + at + 16 * j) * gate + *(const V16 *)(from + 16 * g->stride * j);
            *(V16 *)(g->y.data + at + 16 * j) = v;
            if (g->normed.data)
                *(V16 *)(g->normed.data + at + 16 * j) =
                    v * *(const V16 *)(g->scale + channel) + *(const V16 *)(g->shift + channel);
        }
    }
}

static void NAME(resized_rows)(const struct rows *g, size_t first, size_t last) {
    const struct ck_map *x = &g->x, *y = &g->y;
    const size_t x_row = (x->width + 2) * 16, y_row = (y->width + 2) * 16;
    for (size_t i = first; i < last; i++) {
        const size_t plane = i / y->height;
        const struct place p = place_of(i % y->height, x->height, y->height);
        const float *above = x->data + (plane * (x->height + 2) + p.first + 1) * x_row + 16;
        const float *below = x->data + (plane * (x->height + 2) + p.second + 1) * x_row + 16;
        float *to = y->data + (plane * (y->height + 2) + i % y->height + 1) * y_row + 16;
        for (size_t j = 0; j < y->width; j++) {
            const struct place q = place_of(j, x->width, y->width);
            const V16 upper = *(const V16 *)(above + 16 * q.first) * (1 - q.weight) +
                              *(const V16 *)(above + 16 * q.second) * q.weight;
            const V16 lower = *(const V16 *)(below + 16 * q.first) * (1 - q.weight) +
                              *(const V16 *)(below + 16 * q.second) * q.weight;
            *(V16 *)(to + 16 * j) += upper * (1 - p.weight) + lower * p.weight;
        }
    }
}
