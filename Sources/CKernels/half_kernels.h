// The products of blocked_kernels.h on numbers rounded to bfloat16, two channels at a time: twice as many a
// cycle, and half the memory for what enters them. Sums, transforms of the results and features stay float32.
// Needs the same names, and AVX512-BF16.

static inline void NAME(keep_half)(V16 x, float *to) {
    *(__m256bh *)to = _mm512_cvtneps_pbh((__m512)x);
}

#define ADD_HALF(sum, x, w) (V16) _mm512_dpbf16_ps((__m512)(sum), (__m512bh)(x), (__m512bh)(w))
#define HALF_MICRO_KERNELS(R)                                                                       \
    MICRO_KERNEL(NAME(half_##R##_1), R, 1, 8, ADD_HALF)                                             \
    MICRO_KERNEL(NAME(half_##R##_v), R, VECTORS, 8, ADD_HALF)
HALF_MICRO_KERNELS(1)
HALF_MICRO_KERNELS(2)
HALF_MICRO_KERNELS(3)
HALF_MICRO_KERNELS(4)
HALF_MICRO_KERNELS(5)
HALF_MICRO_KERNELS(6)
HALF_MICRO_KERNELS(7)
HALF_MICRO_KERNELS(8)
#define HALF_NARROW(R) NAME(half_##R##_1)
#define HALF_WIDE(R) NAME(half_##R##_v)

static void NAME(half_product)(const float *a, const ptrdiff_t *offsets, size_t steps, size_t rows,
                               size_t row_step, const float *b, size_t vectors, float *out,
                               size_t out_row, size_t out_vector) {
    static const NAME(micro) narrow[] = {EACH(HALF_NARROW)}, wide[] = {EACH(HALF_WIDE)};
    NAME(any_product)(narrow, wide, a, offsets, steps, rows, row_step, b, vectors, out, out_row,
                      out_vector);
}

static void NAME(half_input)(const struct winograd *g, size_t begin, size_t end, float *v,
                             size_t first, size_t last) {
    NAME(any_input)(g, begin, end, v, first, last, NAME(keep_half));
}

static void NAME(half_products)(const struct winograd *g, const float *v, float *m, size_t chunk,
                                size_t first, size_t last) {
    NAME(any_products)(g, v, m, chunk, first, last, NAME(half_product));
}

static void NAME(half_up_input)(const struct upward *g, size_t begin, size_t end, float *v,
                                size_t first, size_t last) {
    NAME(any_up_input)(g, begin, end, v, first, last, NAME(keep_half));
}

static void NAME(half_up_products)(const struct upward *g, const float *v, float *m, size_t tiles,
                                   size_t first, size_t last) {
    NAME(any_up_products)(g, v, m, tiles, first, last, NAME(half_product));
}
