// The kernels of gemm.c, compiled once for each instruction set, hence without a guard; after micro_kernels.h.

typedef float NAME(u16) __attribute__((vector_size(64), aligned(4)));
typedef int NAME(i16) __attribute__((vector_size(64), aligned(64)));
typedef double NAME(d16) __attribute__((vector_size(128), aligned(64)));
#define U16 NAME(u16)
#define I16 NAME(i16)
#define D16 NAME(d16)

// ---- Elementary functions. Their polynomials are minimax fits made for this file.

static inline V16 NAME(choose)(I16 condition, V16 a, V16 b) {
    return (V16)((condition & (I16)a) | (~condition & (I16)b));
}

// Within 2 units in the last place up to 88; 0 below -87.3. NaN stays NaN.
static inline V16 NAME(exp)(V16 x) {
    const I16 is_none = x < -87.3f;
    V16 y = NAME(choose)(is_none, NAME(splat)(-87.3f), x);
    y = NAME(choose)(y > 88.0f, NAME(splat)(88), y);
    const V16 shift = NAME(splat)(0x1.8p23f), shifted = y * 1.44269504f + shift, n = shifted - shift;
    const V16 r = (y - n * 0.693359375f) + n * 2.12194440e-4f;  // y - n ln 2
    V16 p = r * 0.00138145965f + 0.00836871751f;
    p = p * r + 0.041668389f;
    p = p * r + 0.166665211f;
    p = p * r + 0.49999994f;
    p = p * (r * r) + r + 1;
    const I16 power = (I16)shifted << 23;  // n stands in the low bits
    return NAME(choose)(is_none, NAME(splat)(0), (V16)((I16)p + power));
}

// x / 2 * (1 + erf(x / sqrt 2)), as x / 2 * erfc(-x / sqrt 2): no digits cancel far below 0.
static inline V16 NAME(gelu)(V16 x) {
    const V16 z = x * 0.70710678f, s = z * z;
    V16 small = s * 7.85385782e-5f - 8.01019254e-4f;
    small = small * s + 0.00518832775f;
    small = small * s - 0.026853811f;
    small = small * s + 0.112835854f;
    small = small * s - 0.37612626f;
    small = small * s + 1.12837911f;
    V16 t = NAME(choose)(z < 0, -z, z);
    t = NAME(choose)(t > 8, NAME(splat)(8), t);
    V16 log = t * 1.8557490e-4f - 0.00293961563f;
    log = log * t + 0.0218053516f;
    log = log * t - 0.103037432f;
    log = log * t - 0.638225615f;
    log = log * t - 1.12704003f;
    log = log * t - 3.53708921e-4f;
    const V16 tail = NAME(exp)(log);  // erfc(|z|)
    const V16 far = NAME(choose)(z < 0, tail, 2 - tail);
    return x * 0.5f * NAME(choose)(s < 1, 1 + z * small, far);
}

static inline V16 NAME(quick_gelu)(V16 x) { return x / (1 + NAME(exp)(x * -1.702f)); }

static inline V16 NAME(activate_vector)(V16 x, enum ck_activation activation) {
    switch (activation) {
        case CK_GELU: return NAME(gelu)(x);
        case CK_QUICK_GELU: return NAME(quick_gelu)(x);
        default: return x;
    }
}

// The first `count` of 16 numbers, the others are `rest`.
static inline V16 NAME(load)(const float *from, size_t count, float rest) {
    if (count >= 16) return *(const U16 *)from;
    V16 v = NAME(splat)(rest);
    for (size_t i = 0; i < count; i++) ((float *)&v)[i] = from[i];
    return v;
}

static inline void NAME(store)(V16 v, float *to, size_t count) {
    if (count >= 16) {
        *(U16 *)to = v;
        return;
    }
    for (size_t i = 0; i < count; i++) to[i] = ((const float *)&v)[i];
}

static void NAME(activate)(float *x, size_t count, enum ck_activation activation) {
    for (size_t i = 0; i < count; i += 16)
        NAME(store)(NAME(activate_vector)(NAME(load)(x + i, count - i, 0), activation), x + i, count - i);
}

// In one order of additions: halves onto halves.
static inline double NAME(sum)(D16 x) {
    double part[16] __attribute__((aligned(64)));
    *(D16 *)part = x;
    for (int half = 8; half > 0; half /= 2)
        for (int i = 0; i < half; i++) part[i] += part[i + half];
    return part[0];
}

// Sums in float64: a row mean is then exact to float32 whatever its length.
static void NAME(layer_norm)(const struct layer_norm *g, size_t first, size_t last) {
    const size_t width = g->width;
    for (size_t r = first; r < last; r++) {
        const float *in = g->x + r * width;
        float *out = g->y + r * width;
        D16 sum = {}, square = {};
        for (size_t i = 0; i < width; i += 16)
            sum += __builtin_convertvector(NAME(load)(in + i, width - i, 0), D16);
        const double mean = NAME(sum)(sum) / (double)width;
        for (size_t i = 0; i < width; i += 16) {
            D16 d = __builtin_convertvector(NAME(load)(in + i, width - i, (float)mean), D16) - mean;
            square += d * d;
        }
        double variance = NAME(sum)(square);
        // What filled the last vector up was off the mean by its rounding.
        if (width % 16) variance -= (double)(16 - width % 16) * ((float)mean - mean) * ((float)mean - mean);
        const float scale = (float)(1.0 / sqrt(variance / (double)width + (double)g->eps));
        const float centre = (float)mean;
        for (size_t i = 0; i < width; i += 16) {
            V16 v = (NAME(load)(in + i, width - i, 0) - centre) * scale;
            if (g->weight) v = v * NAME(load)(g->weight + i, width - i, 0);
            if (g->bias) v = v + NAME(load)(g->bias + i, width - i, 0);
            NAME(store)(v, out + i, width - i);
        }
    }
}

static void NAME(softmax_row)(float *row, size_t valid, size_t width, float scale) {
    V16 tops = NAME(splat)(-INFINITY);
    for (size_t i = 0; i < valid; i += 16) {
        const V16 v = NAME(load)(row + i, valid - i, -INFINITY);
        tops = NAME(choose)(v > tops, v, tops);
    }
    float top = -INFINITY;
    for (int i = 0; i < 16; i++) top = ((const float *)&tops)[i] > top ? ((const float *)&tops)[i] : top;
    V16 sums = {};
    for (size_t i = 0; i < valid; i += 16) {
        const V16 v = NAME(exp)((NAME(load)(row + i, valid - i, -INFINITY) - top) * scale);
        sums += v;
        NAME(store)(v, row + i, valid - i);
    }
    const float inverse = (float)(1 / NAME(sum)(__builtin_convertvector(sums, D16)));
    for (size_t i = 0; i < valid; i += 16)
        NAME(store)(NAME(load)(row + i, valid - i, 0) * inverse, row + i, valid - i);
    for (size_t i = valid; i < width; i++) row[i] = 0;
}

static void NAME(softmax)(const struct softmax *g, size_t first, size_t last) {
    for (size_t r = first; r < last; r++) {
        const size_t seen = g->causal ? r % g->queries + 1 : g->width;
        NAME(softmax_row)(g->x + r * g->width, seen < g->width ? seen : g->width, g->width, g->scale);
    }
}

// ---- Products

static void NAME(finish_tile)(const struct gemm *g, const V16 *tile, size_t row, size_t rows, size_t output,
                              size_t vectors) {
    const struct ck_gemm_epilogue *e = &g->epilogue;
    for (size_t r = 0; r < rows; r++) {
        for (size_t n = 0; n < vectors; n++) {
            const size_t at = output + 16 * n, count = g->outputs - at;
            const size_t place = (row + r) * g->y_step + at;
            V16 v = tile[r * vectors + n];
            if (e->alpha != 1) v = v * e->alpha;
            if (e->bias) v = v + NAME(load)(e->bias + at, count, 0);
            v = NAME(activate_vector)(v, e->activation);
            if (e->added) v = v + NAME(load)(e->added + place, count, 0);
            NAME(store)(v, g->y + place, count);
        }
    }
}

// Rows row..<end of one panel of 32 outputs, in tiles of nearly equal height.
static void NAME(panel)(const struct gemm *g, size_t row, size_t end, size_t panel) {
    const size_t blocks = (g->outputs + 15) / 16, width = 2 * panel + 2 <= blocks ? 2 : 1;
    const float *b = g->packed + panel * g->inputs * 32;
    const ptrdiff_t start = 0;
    V16 tile[ROWS * 2];
    for (size_t tiles = (end - row + ROWS - 1) / ROWS; tiles > 0; tiles--) {
        const size_t rows = (end - row + tiles - 1) / tiles;
        for (size_t n = 0; n < width;) {
            const size_t vectors = width - n < VECTORS ? width - n : VECTORS;
            NAME(micros)[rows - 1][vectors - 1](g->x + row * g->x_step, g->x_step, &start, 1, g->inputs,
                                                b + 16 * n, 16 * width, tile);
            NAME(finish_tile)(g, tile, row, rows, panel * 32 + 16 * n, vectors);
            n += vectors;
        }
        row += rows;
    }
}
#undef U16
#undef I16
#undef D16
