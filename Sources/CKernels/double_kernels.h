// The kernels of double.c, compiled once for each instruction set, hence without a guard.
// Needs NAME(x) and ROWS (tiles that a micro-kernel computes at once).

typedef double NAME(v8) __attribute__((vector_size(64), aligned(64)));
typedef double NAME(u8) __attribute__((vector_size(64), aligned(8)));
typedef long long NAME(i8) __attribute__((vector_size(64), aligned(64)));
#define V8 NAME(v8)
#define U8 NAME(u8)
#define I8 NAME(i8)

static inline V8 NAME(splat)(double x) { return x - (V8){0}; }
static inline V8 NAME(select)(I8 mask, V8 a, V8 b) { return (V8)((mask & (I8)a) | (~mask & (I8)b)); }

// tanh |x| = e / (e + 2) with e = exp(2|x|) - 1 = 2^k (p + 1) - 1, where 2|x| = k ln 2 + r and p = exp(r) - 1.
// Both e and the quotient carry what rounding took off them, so that the last division decides the error.
static inline V8 NAME(tanh)(V8 x) {
    const V8 limit = NAME(splat)(22);  // beyond, tanh rounds to 1
    const V8 size = (V8)((I8)x & 0x7fffffffffffffff), y = 2 * NAME(select)(size > limit, limit, size);
    // Adding 1.5 * 2^52 rounds to a whole number and leaves it in the low bits.
    const V8 shifted = y * 0x1.71547652b82fep+0 + 0x1.8p52, k = shifted - 0x1.8p52;
    const V8 power = (V8)(((I8)shifted << 52) + (I8)NAME(splat)(1));
    // ln 2 in two parts, the first with zeros at its end: its products with k are exact.
    const V8 near = y - k * 0x1.62e42fefa38p-1;
    const V8 r = near - k * 0x1.ef35793c7673p-45, r_low = (near - r) - k * 0x1.ef35793c7673p-45;
    // Taylor's series; |r| is at most 0.35, where r^14 / 14! is below 2^-56 r.
    V8 q = r * (1 / 6227020800.0) + 1 / 479001600.0;
    q = q * r + 1 / 39916800.0;
    q = q * r + 1 / 3628800.0;
    q = q * r + 1 / 362880.0;
    q = q * r + 1 / 40320.0;
    q = q * r + 1 / 5040.0;
    q = q * r + 1 / 720.0;
    q = q * r + 1 / 120.0;
    q = q * r + 1 / 24.0;
    q = q * r + 1 / 6.0;
    const V8 tail = r * r * (q * r + 0.5);
    const V8 p = r + tail, p_low = ((r - p) + tail) + r_low;
    const V8 whole = power - 1, scaled = power * p;
    const V8 e = whole + scaled, part = e - whole;
    const V8 e_low = ((whole - (e - part)) + (scaled - part)) + power * p_low;
    const V8 below = e + 2, below_low = NAME(select)(e > 2, (e - below) + 2, (2 - below) + e) + e_low;
    const V8 inverse = 1 / below, quotient = e * inverse;
    const V8 rest = (e - quotient * below) + (e_low - quotient * below_low);
    const V8 result = quotient + rest * inverse;
    return (V8)((I8)result | ((I8)x & (-0x7fffffffffffffff - 1)));
}

// R tiles and 16 outputs: sums over channels c of x[8 tile + c] * weights[c][16], block by block.
#define MICRO_KERNEL(FUNCTION, R)                                                               \
    static void FUNCTION(const double *x, size_t block_step, size_t blocks, const double *b,    \
                         double *sums) {                                                        \
        V8 sum[R][2];                                                                           \
        for (int r = 0; r < R; r++) sum[r][0] = sum[r][1] = (V8){0};                            \
        for (size_t block = 0; block < blocks; block++, x += block_step)                        \
            _Pragma("clang loop unroll(full)") for (int c = 0; c < 8; c++, b += 16) {           \
                const V8 low = *(const V8 *)b, high = *(const V8 *)(b + 8);                     \
                for (int r = 0; r < R; r++) {                                                   \
                    const V8 v = NAME(splat)(x[8 * r + c]);                                     \
                    sum[r][0] += v * low;                                                       \
                    sum[r][1] += v * high;                                                      \
                }                                                                               \
            }                                                                                   \
        for (int r = 0; r < R; r++) {                                                           \
            *(V8 *)(sums + 16 * r) = sum[r][0];                                                 \
            *(V8 *)(sums + 16 * r + 8) = sum[r][1];                                             \
        }                                                                                       \
    }

MICRO_KERNEL(NAME(micro_full), ROWS)
MICRO_KERNEL(NAME(micro_half), ROWS / 2)
MICRO_KERNEL(NAME(micro_one), 1)

// Products of some tiles with one panel at one point; each sum runs in the same order in all kernels.
static void NAME(product)(const double *x, size_t block_step, size_t blocks, const double *b, size_t tiles,
                          double *sums) {
    size_t t = 0;
    for (; t + ROWS <= tiles; t += ROWS)
        NAME(micro_full)(x + 8 * t, block_step, blocks, b, sums + 16 * t);
    for (; t + ROWS / 2 <= tiles; t += ROWS / 2)
        NAME(micro_half)(x + 8 * t, block_step, blocks, b, sums + 16 * t);
    for (; t < tiles; t++) NAME(micro_one)(x + 8 * t, block_step, blocks, b, sums + 16 * t);
}

// Pixels of blocks of 8 channels, from plain to between zeros; the other map gets its zeros too.
static void NAME(load)(void *context, size_t first, size_t last) {
    const struct stack *s = context;
    const size_t channels = s->layers[0].inputs, pixels = s->h * s->w;
    memset(s->maps[0] + first * s->plane, 0, (last - first) * s->plane * sizeof(double));
    memset(s->maps[1] + first * s->plane, 0, (last - first) * s->plane * sizeof(double));
    for (size_t i = first; i < last; i++)
        for (size_t c = 0; c < 8; c++) {
            const size_t channel = i % s->blocks * 8 + c;
            if (channel >= channels) break;
            const double *x = s->x + (i / s->blocks * channels + channel) * pixels;
            double *corner = s->maps[0] + i * s->plane + (s->columns + 1) * 8 + c;
            for (size_t down = 0; down < s->h; down++)
                for (size_t right = 0; right < s->w; right++)
                    corner[(down * s->columns + right) * 8] = x[down * s->w + right];
        }
}

// B^T d B of the 4x4 windows of some tiles: [16 points][blocks][tiles][8].
static void NAME(transform_input)(const struct layer *l, size_t first, size_t count, double *transformed) {
    const struct stack *s = l->stack;
    const size_t row = s->columns * 8, point_step = l->blocks * count * 8;
    const double *corners[CHUNK];
    for (size_t t = 0; t < count; t++) {
        const size_t n = (first + t) / s->tiles, tile = (first + t) % s->tiles;
        corners[t] =
            l->from + n * s->blocks * s->plane + tile / s->across * 2 * row + tile % s->across * 2 * 8;
    }
    for (size_t block = 0; block < l->blocks; block++)
        for (size_t t = 0; t < count; t++) {
            const double *at = corners[t] + block * s->plane;
            V8 d[4][4];
            for (int i = 0; i < 4; i++)
                for (int j = 0; j < 4; j++) d[i][j] = *(const V8 *)(at + (size_t)i * row + 8 * j);
            for (int j = 0; j < 4; j++) {
                const V8 second = d[1][j];
                d[0][j] -= d[2][j];
                d[3][j] = second - d[3][j];
                d[1][j] = second + d[2][j];
                d[2][j] -= second;
            }
            double *to = transformed + (block * count + t) * 8;
            for (int i = 0; i < 4; i++, to += 4 * point_step) {
                *(V8 *)to = d[i][0] - d[i][2];
                *(V8 *)(to + point_step) = d[i][1] + d[i][2];
                *(V8 *)(to + 2 * point_step) = d[i][2] - d[i][1];
                *(V8 *)(to + 3 * point_step) = d[i][1] - d[i][3];
            }
        }
}

// A^T m A of some tiles' sums [16 points][tiles][16], plus bias: pixels of a block of 8 outputs. Between layers they
// go through tanh into the other map, from the last into the plain result.
static void NAME(transform_output)(const struct layer *l, const double *sums, size_t block, size_t first,
                                   size_t count) {
    const struct stack *s = l->stack;
    const V8 bias = *(const V8 *)(l->bias + 8 * block);
    for (size_t t = 0; t < count; t++) {
        const size_t n = (first + t) / s->tiles, tile = (first + t) % s->tiles;
        const size_t down = tile / s->across * 2, right = tile % s->across * 2;
        V8 m[2][4];
        for (size_t j = 0; j < 4; j++) {
            V8 column[4];
            for (size_t i = 0; i < 4; i++)
                column[i] = *(const V8 *)(sums + ((4 * i + j) * count + t) * 16);
            m[0][j] = column[0] + column[1] + column[2];
            m[1][j] = column[1] - column[2] - column[3];
        }
        for (size_t i = 0; i < 2 && down + i < s->h; i++) {
            const V8 pixels[2] = {m[i][0] + m[i][1] + m[i][2] + bias, m[i][1] - m[i][2] - m[i][3] + bias};
            for (size_t j = 0; j < 2 && right + j < s->w; j++) {
                if (l->to) {
                    double *map = l->to + (n * s->blocks + block) * s->plane;
                    *(V8 *)(map + ((down + i + 1) * s->columns + right + j + 1) * 8) = NAME(tanh)(pixels[j]);
                    continue;
                }
                double *y = s->y + (n * l->outputs + 8 * block) * s->h * s->w + (down + i) * s->w + right + j;
                for (size_t c = 0; c < 8 && 8 * block + c < l->outputs; c++) y[c * s->h * s->w] = pixels[j][c];
            }
        }
    }
}

// Chunks of tiles, with parts of the panels of 16 outputs, from the pixels before a layer to those behind it.
static void NAME(layer)(void *context, size_t from, size_t to) {
    const struct layer *l = context;
    const size_t tiles = l->stack->samples * l->stack->tiles, panels = panels_of(l->outputs);
    const size_t point_weights = l->blocks * 8 * 16, transformed_count = 16 * l->blocks * l->chunk * 8;
    double *transformed = allocate((transformed_count + 16 * l->chunk * 16) * sizeof(double));
    double *sums = transformed + transformed_count;
    for (size_t i = from; i < to; i++) {
        const size_t first = i / l->parts * l->chunk, part = i % l->parts, left = tiles - first;
        const size_t count = left < l->chunk ? left : l->chunk;
        NAME(transform_input)(l, first, count, transformed);
        for (size_t panel = panels * part / l->parts; panel < panels * (part + 1) / l->parts; panel++) {
            for (size_t p = 0; p < 16; p++)
                NAME(product)(transformed + p * l->blocks * count * 8, count * 8, l->blocks,
                              l->weights + (panel * 16 + p) * point_weights, count, sums + p * count * 16);
            NAME(transform_output)(l, sums, 2 * panel, first, count);
            if (16 * panel + 8 < l->outputs)
                NAME(transform_output)(l, sums + 8, 2 * panel + 1, first, count);
        }
    }
    free(transformed);
}

#define EACH_FROM(i, begin, end)                                      \
    _Pragma("clang loop vectorize(assume_safety) vectorize_width(8)") \
    for (size_t i = begin, end_ = end; i < end_; i++)
#define EACH(i, count) EACH_FROM(i, 0, count)

// Adds a block of factors times terms to zeros.
static void NAME(sum)(const struct sum *s, size_t block, double *sum) {
    const size_t at = block * BLOCK, count = size_of_block(block, s->count);
    for (size_t k = 0; k < s->terms_count; k++) {
        const double factor = s->factors[k], *term = s->terms[k] + at;
        EACH(i, count) sum[i] += factor * term[i];
    }
}

static void NAME(combine)(void *context, size_t first, size_t last) {
    const struct combination *c = context;
    for (size_t block = first; block < last; block++) {
        const double *base = c->base + block * BLOCK;
        double sum[BLOCK] = {0}, *out = c->out + block * BLOCK;
        NAME(sum)(&c->sum, block, sum);
        EACH(i, size_of_block(block, c->sum.count)) out[i] = base[i] + sum[i];
    }
}

static void NAME(squares)(void *context, size_t first, size_t last) {
    const struct scaled *s = context;
    const double atol = s->atol, rtol = s->rtol;
    for (size_t block = first; block < last; block++) {
        const double *a = s->a + block * BLOCK, *b = s->b + block * BLOCK;
        double sum[BLOCK] __attribute__((aligned(64))) = {0};
        NAME(sum)(&s->sum, block, sum);
        EACH(i, size_of_block(block, s->sum.count)) {
            const double before = fabs(a[i]), after = fabs(b[i]);
            sum[i] /= atol + rtol * (before > after ? before : after);
        }
        V8 squares = {0};
        for (size_t i = 0; i < BLOCK; i += 8) squares += *(V8 *)(sum + i) * *(V8 *)(sum + i);
        s->squares[block] = 0;
        for (int i = 0; i < 8; i++) s->squares[block] += squares[i];
    }
}

static void NAME(fit)(void *context, size_t first, size_t last) {
    const struct fit *f = context;
    const double *y0 = f->y0, *y1 = f->y1, *middle = f->middle, *f0 = f->f0, *f1 = f->f1, dt = f->dt;
    double *c0 = f->c, *c1 = c0 + f->count, *c2 = c1 + f->count, *c3 = c2 + f->count, *c4 = c3 + f->count;
    const size_t end = last * BLOCK < f->count ? last * BLOCK : f->count;
    EACH_FROM(i, first * BLOCK, end) {
        c0[i] = y0[i];
        c1[i] = dt * f0[i];
        c2[i] = dt * (f1[i] - 4 * f0[i]) - 11 * y0[i] - 5 * y1[i] + 16 * middle[i];
        c3[i] = dt * (5 * f0[i] - 3 * f1[i]) + 18 * y0[i] + 14 * y1[i] - 32 * middle[i];
        c4[i] = 2 * dt * (f1[i] - f0[i]) - 8 * (y1[i] + y0[i]) + 16 * middle[i];
    }
}

// Blocks outside, positions inside: coefficients are read once. Lines that the caches cannot hold go past them.
static void NAME(quartics)(void *context, size_t first, size_t last) {
    const struct quartics *q = context;
    const double *c[5];
    for (size_t k = 0; k < 5; k++) c[k] = q->c + k * q->count;
    for (size_t block = first; block < last; block++)
        for (size_t p = 0; p < q->positions; p++) {
            double *out = q->out + p * q->count;
            const double x = q->x[p];
            size_t i = block == 0 ? 0 : start_of_line(out, block * BLOCK);
            const size_t behind = (block + 1) * BLOCK;
            const size_t end = behind < q->count ? start_of_line(out, behind) : q->count;
#define QUARTIC(T) (AT(T, 0) + x * (AT(T, 1) + x * (AT(T, 2) + x * (AT(T, 3) + x * AT(T, 4)))))
#define AT(T, k) *(const T *)(c[k] + i)
            for (; i < end && i < start_of_line(out, i); i++) out[i] = QUARTIC(double);
            if (q->streams)
                for (; i + 8 <= end; i += 8) __builtin_nontemporal_store(QUARTIC(U8), (V8 *)(out + i));
            else
                for (; i + 8 <= end; i += 8) *(V8 *)(out + i) = QUARTIC(U8);
            for (; i < end; i++) out[i] = QUARTIC(double);
        }
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#endif
}

static void NAME(tanh_all)(void *context, size_t first, size_t last) {
    const struct elements *b = context;
    for (size_t block = first; block < last; block++) {
        const size_t count = size_of_block(block, b->count);
        double y[BLOCK] __attribute__((aligned(64))) = {0}, *x = b->x + block * BLOCK;
        memcpy(y, x, count * sizeof *y);
        for (size_t i = 0; i < count; i += 8) *(V8 *)(y + i) = NAME(tanh)(*(V8 *)(y + i));
        memcpy(x, y, count * sizeof *y);
    }
}

static const struct kernels NAME(kernels) = {NAME(load),    NAME(layer), NAME(tanh_all), NAME(combine),
                                             NAME(squares), NAME(fit),   NAME(quartics)};
#undef V8
#undef U8
#undef I8
#undef AT
#undef QUARTIC
#undef EACH
#undef EACH_FROM
#undef MICRO_KERNEL
