// The functions of gradients.c for one type, hence without a guard. Needs T, N(x), ROOT, LOG and ABS.

struct N(map) {
    enum ck_elementwise map;
    const T *a, *b;
    T s, t, *y;
};

// The slope of GELU: Phi(x) + x phi(x).
static inline T N(gelu_slope)(T x) {
    return (T)0.5 * (1 + N(erf)(x * (T)0.70710678118654752)) +
           x * N(exp)(x * x * (T)-0.5) * (T)0.39894228040143268;
}

static inline T N(quick_gelu_slope)(T x) {
    const T sigmoid = 1 / (1 + N(exp)((T)-1.702 * x));
    return sigmoid * (1 + (T)1.702 * x * (1 - sigmoid));
}

CLONES static void N(map_part)(void *context, size_t begin, size_t end) {
    const struct N(map) *m = context;
    const T *a = m->a, *b = m->b;
    const T s = m->s, t = m->t;
    T *y = m->y;
#define EACH(VALUE)                                        \
    for (size_t i = begin; i < end; i++) y[i] = (VALUE);   \
    break
    switch (m->map) {
        case CK_SUM: EACH(s * a[i] + t * b[i]);
        case CK_SCALE: EACH(s * a[i] + t);
        case CK_PRODUCT: EACH(s * a[i] * b[i]);
        case CK_QUOTIENT: EACH(a[i] / b[i]);
        case CK_SQUARE: EACH(a[i] * a[i]);
        case CK_SQUARE_ROOT: EACH(ROOT(a[i] + s));
        case CK_INVERSE_ROOT: EACH(1 / ROOT(a[i] + s));
        case CK_ABSOLUTE: EACH(ABS(a[i]));
        case CK_ABSOLUTE_BACK: EACH(a[i] > 0 ? b[i] : a[i] < 0 ? -b[i] : 0);
        case CK_EXPONENTIAL: EACH(N(exp)(a[i]));
        case CK_LOGARITHM: EACH(LOG(a[i] + s));
        case CK_LEAKY: EACH((a[i] < 0 ? a[i] * s : a[i]) * t);
        case CK_LEAKY_BACK: EACH((a[i] < 0 ? b[i] * s : b[i]) * t);
        case CK_TANH: EACH(N(tanh)(a[i]));
        case CK_TANH_BACK: EACH((1 - a[i] * a[i]) * b[i]);
        case CK_SIGMOID: EACH(1 / (1 + N(exp)(-a[i])));
        case CK_SIGMOID_BACK: EACH(a[i] * (1 - a[i]) * b[i]);
        case CK_GELU_MAP: EACH((T)0.5 * a[i] * (1 + N(erf)(a[i] * (T)0.70710678118654752)));
        case CK_GELU_BACK: EACH(N(gelu_slope)(a[i]) * b[i]);
        case CK_QUICK_GELU_MAP: EACH(a[i] / (1 + N(exp)((T)-1.702 * a[i])));
        case CK_QUICK_GELU_BACK: EACH(N(quick_gelu_slope)(a[i]) * b[i]);
        case CK_MAXIMUM: EACH(a[i] > s ? a[i] : s);
        case CK_MAXIMUM_BACK: EACH(a[i] > s ? b[i] : 0);
    }
#undef EACH
}

void N(ck_map)(enum ck_elementwise map, const T *a, const T *b, T s, T t, T *y, size_t count) {
    struct N(map) m = {map, a, b, s, t, y};
    ck_parallel(count, PART, N(map_part), &m);
}

// ---- Rows

struct N(rows) {
    const T *x, *other, *scale, *shift;
    size_t rows, width, scale_rows, shift_rows, pixels;
    T strength, slope, gain, eps, *y, *inverse;
};

CLONES static void N(affine_part)(void *context, size_t begin, size_t end) {
    const struct N(rows) *a = context;
    const size_t width = a->width;
    for (size_t r = begin; r < end; r++) {
        const T *x = a->x + r * width;
        const T *scale = a->scale ? a->scale + r / a->scale_rows * width : NULL;
        const T *shift = a->shift ? a->shift + r / a->shift_rows * width : NULL;
        T *y = a->y + r * width;
        if (scale && shift)
            for (size_t c = 0; c < width; c++) y[c] = x[c] * scale[c] + shift[c];
        else if (scale)
            for (size_t c = 0; c < width; c++) y[c] = x[c] * scale[c];
        else if (shift)
            for (size_t c = 0; c < width; c++) y[c] = x[c] + shift[c];
        else
            for (size_t c = 0; c < width; c++) y[c] = x[c];
    }
}

void N(ck_rows_affine)(const T *x, size_t rows, size_t width, const T *scale, size_t scale_rows, const T *shift,
                       size_t shift_rows, T *y) {
    struct N(rows) a = {.x = x, .scale = scale, .shift = shift, .rows = rows, .width = width,
                        .scale_rows = scale_rows, .shift_rows = shift_rows, .y = y};
    ck_parallel(rows, grain(width), N(affine_part), &a);
}

CLONES static void N(styled_part)(void *context, size_t begin, size_t end) {
    const struct N(rows) *a = context;
    const size_t width = a->width;
    const T slope = a->slope, gain = a->gain;
    for (size_t r = begin; r < end; r++) {
        const T *x = a->x + r * width, *bias = a->shift;
        const T noise = a->other ? a->other[r % a->pixels] * a->strength : 0;
        T *y = a->y + r * width;
        if (bias)
            for (size_t c = 0; c < width; c++) {
                const T v = x[c] + noise + bias[c];
                y[c] = (v < 0 ? v * slope : v) * gain;
            }
        else
            for (size_t c = 0; c < width; c++) {
                const T v = x[c] + noise;
                y[c] = (v < 0 ? v * slope : v) * gain;
            }
    }
}

void N(ck_styled_rows)(const T *x, size_t rows, size_t width, const T *noise, size_t pixels, T strength,
                       const T *bias, T slope, T gain, T *y) {
    struct N(rows) a = {.x = x, .other = noise, .shift = bias, .rows = rows, .width = width, .pixels = pixels,
                        .strength = strength, .slope = slope, .gain = gain, .y = y};
    ck_parallel(rows, grain(width), N(styled_part), &a);
}

// Sums over the rows of a group: pieces of rows first, in parallel, then the pieces in their order.
struct N(row_sums) {
    const T *a, *b;
    size_t width, group_rows, pieces;
    T *sums;  // [groups][pieces][width]
};

CLONES static void N(row_sum_part)(void *context, size_t begin, size_t end) {
    const struct N(row_sums) *s = context;
    const size_t width = s->width;
    for (size_t p = begin; p < end; p++) {
        const size_t group = p / s->pieces, piece = p % s->pieces;
        const size_t first = s->group_rows * piece / s->pieces, last = s->group_rows * (piece + 1) / s->pieces;
        T *sums = s->sums + p * width;
        memset(sums, 0, width * sizeof *sums);
        for (size_t r = group * s->group_rows + first; r < group * s->group_rows + last; r++) {
            const T *a = s->a + r * width;
            if (s->b) {
                const T *b = s->b + r * width;
                for (size_t c = 0; c < width; c++) sums[c] += a[c] * b[c];
            } else {
                for (size_t c = 0; c < width; c++) sums[c] += a[c];
            }
        }
    }
}

void N(ck_rows_sum)(const T *a, const T *b, size_t rows, size_t width, size_t group_rows, T *sums) {
    if (!rows || !width) return;
    const size_t groups = rows / group_rows;
    size_t pieces = group_rows * width / PART + 1;
    if (pieces > PIECES) pieces = PIECES;
    if (pieces > group_rows) pieces = group_rows;
    T *partial = pieces == 1 ? sums : allocate(groups * pieces * width * sizeof *partial);
    struct N(row_sums) s = {a, b, width, group_rows, pieces, partial};
    ck_parallel(groups * pieces, grain(group_rows / pieces * width), N(row_sum_part), &s);
    if (pieces == 1) return;
    for (size_t g = 0; g < groups; g++)
        for (size_t c = 0; c < width; c++) {
            T sum = 0;
            for (size_t p = 0; p < pieces; p++) sum += partial[(g * pieces + p) * width + c];
            sums[g * width + c] = sum;
        }
    free(partial);
}

// A sum in eight interleaved parts, which the compiler may keep in a vector.
static inline T N(dot)(const T *a, const T *b, size_t count) {
    T parts[16] = {0};
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        for (size_t j = 0; j < 16; j++) parts[j] += a[i + j] * b[i + j];
    T sum = 0;
    for (size_t j = 0; j < 16; j++) sum += parts[j];
    for (; i < count; i++) sum += a[i] * b[i];
    return sum;
}

static inline T N(total)(const T *a, size_t count) {
    T parts[16] = {0};
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        for (size_t j = 0; j < 16; j++) parts[j] += a[i + j];
    T sum = 0;
    for (size_t j = 0; j < 16; j++) sum += parts[j];
    for (; i < count; i++) sum += a[i];
    return sum;
}

CLONES static void N(columns_part)(void *context, size_t begin, size_t end) {
    const struct N(rows) *a = context;
    for (size_t r = begin; r < end; r++) {
        const T *x = a->x + r * a->width;
        a->y[r] = a->other ? N(dot)(x, a->other + r * a->width, a->width) : N(total)(x, a->width);
    }
}

void N(ck_columns_sum)(const T *x, const T *b, size_t rows, size_t width, T *sums) {
    struct N(rows) a = {.x = x, .other = b, .width = width, .y = sums};
    ck_parallel(rows, grain(width), N(columns_part), &a);
}

CLONES static void N(normalise_part)(void *context, size_t begin, size_t end) {
    const struct N(rows) *a = context;
    const size_t width = a->width;
    for (size_t r = begin; r < end; r++) {
        const T *x = a->x + r * width;
        T *y = a->y + r * width;
        const T mean = N(total)(x, width) / (T)width;
        for (size_t c = 0; c < width; c++) y[c] = x[c] - mean;
        const T inverse = 1 / ROOT(N(dot)(y, y, width) / (T)width + a->eps);
        for (size_t c = 0; c < width; c++) y[c] *= inverse;
        a->inverse[r] = inverse;
    }
}

void N(ck_normalise_rows)(const T *x, size_t rows, size_t width, T eps, T *y, T *inverse) {
    struct N(rows) a = {.x = x, .width = width, .eps = eps, .y = y, .inverse = inverse};
    ck_parallel(rows, grain(width), N(normalise_part), &a);
}

CLONES static void N(normalise_back_part)(void *context, size_t begin, size_t end) {
    const struct N(rows) *a = context;
    const size_t width = a->width;
    for (size_t r = begin; r < end; r++) {
        const T *g = a->x + r * width, *y = a->other + r * width;
        T *dx = a->y + r * width;
        const T mean = N(total)(g, width) / (T)width, along = N(dot)(g, y, width) / (T)width;
        const T inverse = a->scale[r];
        for (size_t c = 0; c < width; c++) dx[c] = (g[c] - mean - y[c] * along) * inverse;
    }
}

void N(ck_normalise_rows_back)(const T *gradient, const T *y, const T *inverse, size_t rows, size_t width, T *dx) {
    struct N(rows) a = {.x = gradient, .other = y, .scale = inverse, .width = width, .y = dx};
    ck_parallel(rows, grain(width), N(normalise_back_part), &a);
}

static inline void N(softmax_row)(const T *x, size_t width, T *y) {
    T top = x[0];
    for (size_t c = 1; c < width; c++) top = x[c] > top ? x[c] : top;
    for (size_t c = 0; c < width; c++) y[c] = N(exp)(x[c] - top);
    const T inverse = 1 / N(total)(y, width);
    for (size_t c = 0; c < width; c++) y[c] *= inverse;
}

static inline void N(softmax_row_back)(const T *gradient, const T *y, size_t width, T *dx) {
    const T along = N(dot)(gradient, y, width);
    for (size_t c = 0; c < width; c++) dx[c] = (gradient[c] - along) * y[c];
}

CLONES static void N(softmax_part)(void *context, size_t begin, size_t end) {
    const struct N(rows) *a = context;
    for (size_t r = begin; r < end; r++)
        N(softmax_row)(a->x + r * a->width, a->width, a->y + r * a->width);
}

void N(ck_softmax_rows)(const T *x, size_t rows, size_t width, T *y) {
    struct N(rows) a = {.x = x, .width = width, .y = y};
    ck_parallel(rows, grain(width * 4), N(softmax_part), &a);
}

CLONES static void N(softmax_back_part)(void *context, size_t begin, size_t end) {
    const struct N(rows) *a = context;
    for (size_t r = begin; r < end; r++) {
        const size_t row = r * a->width;
        N(softmax_row_back)(a->x + row, a->other + row, a->width, a->y + row);
    }
}

void N(ck_softmax_rows_back)(const T *gradient, const T *y, size_t rows, size_t width, T *dx) {
    struct N(rows) a = {.x = gradient, .other = y, .width = width, .y = dx};
    ck_parallel(rows, grain(width * 2), N(softmax_back_part), &a);
}

// ---- Sparse maps along an axis

struct N(sparse) {
    const T *x, *weights;
    const uint32_t *first, *indices;
    size_t inputs, outputs, inner;
    T *y;
};

CLONES static void N(sparse_part)(void *context, size_t begin, size_t end) {
    const struct N(sparse) *s = context;
    const size_t inner = s->inner;
    for (size_t row = begin; row < end; row++) {
        const size_t outer = row / s->outputs, i = row % s->outputs;
        const T *x = s->x + outer * s->inputs * inner;
        T *restrict y = s->y + row * inner;
        const uint32_t first = s->first[i], last = s->first[i + 1];
        if (last - first == 4) {
            const T *restrict a = x + s->indices[first] * inner, *restrict b = x + s->indices[first + 1] * inner;
            const T *restrict c = x + s->indices[first + 2] * inner, *restrict d = x + s->indices[first + 3] * inner;
            const T wa = s->weights[first], wb = s->weights[first + 1];
            const T wc = s->weights[first + 2], wd = s->weights[first + 3];
            for (size_t j = 0; j < inner; j++) y[j] = wa * a[j] + wb * b[j] + wc * c[j] + wd * d[j];
            continue;
        }
        if (first == last) {
            memset(y, 0, inner * sizeof *y);
            continue;
        }
        for (uint32_t k = first; k < last; k++) {
            const T *restrict from = x + s->indices[k] * inner;
            const T weight = s->weights[k];
            if (k == first)
                for (size_t j = 0; j < inner; j++) y[j] = weight * from[j];
            else
                for (size_t j = 0; j < inner; j++) y[j] += weight * from[j];
        }
    }
}

void N(ck_sparse)(const T *x, size_t outer, size_t inputs, size_t outputs, size_t inner, const uint32_t *first,
                  const uint32_t *indices, const T *weights, T *y) {
    if (!outputs) return;
    struct N(sparse) s = {x, weights, first, indices, inputs, outputs, inner, y};
    ck_parallel(outer * outputs, grain(inner * (first[outputs] / outputs + 1)), N(sparse_part), &s);
}

// ---- Convolutions as products

struct N(fold) {
    const T *x;
    size_t h, w, c, kh, kw, stride, top, left, oh, ow;
    T *columns;
};

static void N(unfold_part)(void *context, size_t begin, size_t end) {
    const struct N(fold) *f = context;
    const size_t row = f->kh * f->kw * f->c;
    for (size_t line = begin; line < end; line++) {
        const size_t n = line / f->oh, oy = line % f->oh;
        for (size_t ox = 0; ox < f->ow; ox++) {
            T *out = f->columns + (line * f->ow + ox) * row;
            for (size_t ky = 0; ky < f->kh; ky++)
                for (size_t kx = 0; kx < f->kw; kx++, out += f->c) {
                    const size_t y = oy * f->stride + ky - f->top, x = ox * f->stride + kx - f->left;
                    if (y < f->h && x < f->w)
                        memcpy(out, f->x + ((n * f->h + y) * f->w + x) * f->c, f->c * sizeof *out);
                    else
                        memset(out, 0, f->c * sizeof *out);
                }
        }
    }
}

void N(ck_unfold)(const T *x, size_t n, size_t h, size_t w, size_t c, size_t kh, size_t kw, size_t stride,
                  size_t top, size_t left, size_t oh, size_t ow, T *columns) {
    struct N(fold) f = {x, h, w, c, kh, kw, stride, top, left, oh, ow, columns};
    ck_parallel(n * oh, grain(ow * kh * kw * c), N(unfold_part), &f);
}

struct N(gather) {
    const T *columns;
    size_t h, w, c, kh, kw, stride, top, left, oh, ow;
    T *x;
};

// Each pixel collects what the kernel positions that read it have; nobody else writes it.
static void N(fold_part)(void *context, size_t begin, size_t end) {
    const struct N(gather) *f = context;
    const size_t row = f->kh * f->kw * f->c;
    for (size_t line = begin; line < end; line++) {
        const size_t n = line / f->h, y = line % f->h;
        for (size_t x = 0; x < f->w; x++) {
            T *out = f->x + (line * f->w + x) * f->c;
            memset(out, 0, f->c * sizeof *out);
            for (size_t ky = 0; ky < f->kh; ky++) {
                const size_t sy = y + f->top - ky;
                if (y + f->top < ky || sy % f->stride || sy / f->stride >= f->oh) continue;
                for (size_t kx = 0; kx < f->kw; kx++) {
                    const size_t sx = x + f->left - kx;
                    if (x + f->left < kx || sx % f->stride || sx / f->stride >= f->ow) continue;
                    const T *from = f->columns + ((n * f->oh + sy / f->stride) * f->ow + sx / f->stride) * row +
                                    (ky * f->kw + kx) * f->c;
                    for (size_t c = 0; c < f->c; c++) out[c] += from[c];
                }
            }
        }
    }
}

void N(ck_fold)(const T *columns, size_t n, size_t h, size_t w, size_t c, size_t kh, size_t kw, size_t stride,
                size_t top, size_t left, size_t oh, size_t ow, T *x) {
    struct N(gather) f = {columns, h, w, c, kh, kw, stride, top, left, oh, ow, x};
    ck_parallel(n * h, grain(w * kh * kw * c), N(fold_part), &f);
}

// ---- Attention

struct N(attention) {
    const T *gradient, *q, *k, *v;
    size_t q_step, kv_step, heads, queries, keys, width;
    T scale;
    bool causal;
    T *probabilities, *y, *dq, *dk, *dv;
};

// The rows of one head side by side, where they stay in the first cache: [rows][width].
static inline void N(gather_head)(const T *from, size_t step, size_t rows, size_t width, T *to) {
    for (size_t r = 0; r < rows; r++) memcpy(to + r * width, from + r * step, width * sizeof *to);
}

static inline void N(scatter_head)(const T *from, size_t step, size_t rows, size_t width, T *to) {
    for (size_t r = 0; r < rows; r++) memcpy(to + r * step, from + r * width, width * sizeof *to);
}

CLONES static void N(attention_part)(void *context, size_t begin, size_t end) {
    const struct N(attention) *a = context;
    const size_t width = a->width, keys = a->keys;
    T *const k = allocate(2 * keys * width * sizeof *k), *const v = k + keys * width;
    for (size_t job = begin; job < end; job++) {
        const size_t sample = job / a->heads, head = job % a->heads;
        const size_t first = sample * keys * a->kv_step + head * width;
        N(gather_head)(a->k + first, a->kv_step, keys, width, k);
        N(gather_head)(a->v + first, a->kv_step, keys, width, v);
        for (size_t i = 0; i < a->queries; i++) {
            const T *q = a->q + (sample * a->queries + i) * a->q_step + head * width;
            T *p = a->probabilities + (job * a->queries + i) * keys;
            const size_t seen = a->causal ? (i + 1 < keys ? i + 1 : keys) : keys;
            for (size_t j = 0; j < seen; j++) p[j] = a->scale * N(dot)(q, k + j * width, width);
            N(softmax_row)(p, seen, p);
            for (size_t j = seen; j < keys; j++) p[j] = 0;
            T *y = a->y + (sample * a->queries + i) * a->heads * width + head * width;
            memset(y, 0, width * sizeof *y);
            for (size_t j = 0; j < seen; j++)
                for (size_t c = 0; c < width; c++) y[c] += p[j] * v[j * width + c];
        }
    }
    free(k);
}

void N(ck_attention)(const T *q, size_t q_step, const T *k, const T *v, size_t kv_step, size_t samples,
                     size_t heads, size_t queries, size_t keys, size_t width, T scale, bool causal,
                     T *probabilities, T *y) {
    struct N(attention) a = {.q = q, .k = k, .v = v, .q_step = q_step, .kv_step = kv_step, .heads = heads,
                             .queries = queries, .keys = keys, .width = width, .scale = scale, .causal = causal,
                             .probabilities = probabilities, .y = y};
    ck_parallel(samples * heads, grain(queries * keys * width / 4), N(attention_part), &a);
}

CLONES static void N(attention_back_part)(void *context, size_t begin, size_t end) {
    const struct N(attention) *a = context;
    const size_t width = a->width, keys = a->keys, size = keys * width;
    T *const k = allocate((4 * size + keys) * sizeof *k);
    T *const v = k + size, *const dk = v + size, *const dv = dk + size, *const slope = dv + size;
    for (size_t job = begin; job < end; job++) {
        const size_t sample = job / a->heads, head = job % a->heads;
        const size_t first = sample * keys * a->kv_step + head * width;
        N(gather_head)(a->k + first, a->kv_step, keys, width, k);
        N(gather_head)(a->v + first, a->kv_step, keys, width, v);
        memset(dk, 0, 2 * size * sizeof *dk);
        for (size_t i = 0; i < a->queries; i++) {
            const T *restrict g = a->gradient + (sample * a->queries + i) * a->heads * width + head * width;
            const size_t at = (sample * a->queries + i) * a->q_step + head * width;
            const T *p = a->probabilities + (job * a->queries + i) * keys;
            const T *restrict q = a->q + at;
            for (size_t j = 0; j < keys; j++) slope[j] = N(dot)(g, v + j * width, width);
            N(softmax_row_back)(slope, p, keys, slope);
            T *restrict dq = a->dq + at;
            memset(dq, 0, width * sizeof *dq);
            for (size_t j = 0; j < keys; j++) {
                const T s = slope[j] * a->scale, pj = p[j];
                const T *restrict kj = k + j * width;
                T *restrict dkj = dk + j * width, *restrict dvj = dv + j * width;
                for (size_t c = 0; c < width; c++) {
                    dq[c] += s * kj[c];
                    dkj[c] += s * q[c];
                    dvj[c] += pj * g[c];
                }
            }
        }
        N(scatter_head)(dk, a->kv_step, keys, width, a->dk + first);
        N(scatter_head)(dv, a->kv_step, keys, width, a->dv + first);
    }
    free(k);
}

void N(ck_attention_back)(const T *gradient, const T *q, size_t q_step, const T *k, const T *v, size_t kv_step,
                          size_t samples, size_t heads, size_t queries, size_t keys, size_t width, T scale,
                          const T *probabilities, T *dq, T *dk, T *dv) {
    struct N(attention) a = {.gradient = gradient, .q = q, .k = k, .v = v, .q_step = q_step, .kv_step = kv_step,
                             .heads = heads, .queries = queries, .keys = keys, .width = width, .scale = scale,
                             .probabilities = (T *)probabilities, .dq = dq, .dk = dk, .dv = dv};
    ck_parallel(samples * heads, grain(queries * keys * width / 4), N(attention_back_part), &a);
}

// ---- Layout

struct N(layout) {
    const T *x;
    size_t rows, columns, inner;
    T *y;
};

CLONES static void N(swap_part)(void *context, size_t begin, size_t end) {
    const struct N(layout) *l = context;
    for (size_t job = begin; job < end; job++) {
        const size_t outer = job / l->columns, j = job % l->columns;
        const T *x = l->x + (outer * l->rows * l->columns + j) * l->inner;
        T *y = l->y + job * l->rows * l->inner;
        for (size_t i = 0; i < l->rows; i++, x += l->columns * l->inner)
            for (size_t k = 0; k < l->inner; k++) *y++ = x[k];
    }
}

void N(ck_swap_axes)(const T *x, size_t outer, size_t rows, size_t columns, size_t inner, T *y) {
    struct N(layout) l = {x, rows, columns, inner, y};
    ck_parallel(outer * columns, grain(rows * inner), N(swap_part), &l);
}

CLONES static void N(spread_part)(void *context, size_t begin, size_t end) {
    const struct N(layout) *l = context;
    for (size_t r = begin; r < end; r++)
        for (size_t c = 0; c < l->columns; c++) l->y[r * l->columns + c] = l->x[r];
}

void N(ck_spread)(const T *x, size_t rows, size_t width, T *y) {
    struct N(layout) l = {x, rows, width, 1, y};
    ck_parallel(rows, grain(width), N(spread_part), &l);
}

// ---- The optimiser

struct N(squares) {
    const T *x;
    size_t count;
    double *sums;
};

enum { N(SQUARES_PIECE) = 65536 };

CLONES static void N(squares_part)(void *context, size_t begin, size_t end) {
    const struct N(squares) *s = context;
    for (size_t piece = begin; piece < end; piece++) {
        const size_t first = piece * N(SQUARES_PIECE);
        const size_t count = s->count - first < N(SQUARES_PIECE) ? s->count - first : N(SQUARES_PIECE);
        double parts[16] = {0};
        size_t i = 0;
        for (; i + 16 <= count; i += 16)
            for (size_t j = 0; j < 16; j++) {
                const double v = s->x[first + i + j];
                parts[j] += v * v;
            }
        for (; i < count; i++) parts[0] += (double)s->x[first + i] * s->x[first + i];
        double sum = 0;
        for (size_t j = 0; j < 16; j++) sum += parts[j];
        s->sums[piece] = sum;
    }
}

double N(ck_squares)(const T *x, size_t count) {
    const size_t pieces = (count + N(SQUARES_PIECE) - 1) / N(SQUARES_PIECE);
    struct N(squares) s = {x, count, allocate(pieces * sizeof *s.sums)};
    ck_parallel(pieces, 1, N(squares_part), &s);
    double sum = 0;
    for (size_t i = 0; i < pieces; i++) sum += s.sums[i];
    free(s.sums);
    return sum;
}

struct N(adam) {
    T *x;
    const T *gradient;
    T *m, *v, scale, beta1, beta2, rate, root, eps, decay;
};

CLONES static void N(adam_part)(void *context, size_t begin, size_t end) {
    const struct N(adam) *a = context;
    T *restrict x = a->x, *restrict m = a->m, *restrict v = a->v;
    const T *restrict gradient = a->gradient;
    const T scale = a->scale, beta1 = a->beta1, beta2 = a->beta2, rate = a->rate, root = a->root;
    const T eps = a->eps, decay = a->decay;
    for (size_t i = begin; i < end; i++) {
        const T g = gradient[i] * scale;
        m[i] = beta1 * m[i] + (1 - beta1) * g;
        v[i] = beta2 * v[i] + (1 - beta2) * g * g;
        x[i] -= rate * m[i] / (ROOT(v[i]) * root + eps) + decay * x[i];
    }
}

void N(ck_adam)(T *x, const T *gradient, T *m, T *v, size_t count, T scale, T beta1, T beta2, T rate, T root,
                T eps, T decay) {
    struct N(adam) a = {x, gradient, m, v, scale, beta1, beta2, rate, root, eps, decay};
    ck_parallel(count, PART, N(adam_part), &a);
}
