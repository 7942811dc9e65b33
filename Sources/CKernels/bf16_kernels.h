// The products of blocked_kernels.h on numbers rounded to bfloat16, two channels at a time: twice as many a
// cycle, and half the memory for what enters them. Sums, transforms of the results and features stay float32.
// Needs the same names, and AVX512-BF16.

static inline void NAME(keep_bf16)(V16 x, float *to) {
    *(__m256bh *)to = _mm512_cvtneps_pbh((__m512)x);
}

#define ADD_BF16(sum, x, w) (V16) _mm512_dpbf16_ps((__m512)(sum), (__m512bh)(x), (__m512bh)(w))
#define BF16_MICRO_KERNELS(R)                                                                       \
    MICRO_KERNEL(NAME(bf16_##R##_1), R, 1, 8, ADD_BF16)                                             \
    MICRO_KERNEL(NAME(bf16_##R##_v), R, VECTORS, 8, ADD_BF16)
BF16_MICRO_KERNELS(1)
BF16_MICRO_KERNELS(2)
BF16_MICRO_KERNELS(3)
BF16_MICRO_KERNELS(4)
BF16_MICRO_KERNELS(5)
BF16_MICRO_KERNELS(6)
BF16_MICRO_KERNELS(7)
BF16_MICRO_KERNELS(8)
#define BF16_NARROW(R) NAME(bf16_##R##_1)
#define BF16_WIDE(R) NAME(bf16_##R##_v)

static void NAME(bf16_product)(const float *a, const ptrdiff_t *offsets, size_t steps, size_t rows,
                               size_t row_step, const float *b, size_t vectors, float *out,
                               size_t out_row, size_t out_vector) {
    static const NAME(micro) narrow[] = {EACH(BF16_NARROW)}, wide[] = {EACH(BF16_WIDE)};
    NAME(any_product)(narrow, wide, a, offsets, steps, rows, row_step, b, vectors, out, out_row,
                      out_vector);
}

static void NAME(bf16_input)(const struct winograd *g, size_t begin, size_t end, float *v,
                             size_t first, size_t last) {
    NAME(any_input)(g, begin, end, v, first, last, NAME(keep_bf16));
}

static void NAME(bf16_products)(const struct winograd *g, const float *v, float *m, size_t chunk,
                                size_t first, size_t last) {
    NAME(any_products)(g, v, m, chunk, first, last, NAME(bf16_product));
}

static void NAME(bf16_up_input)(const struct upward *g, size_t begin, size_t end, float *v,
                                size_t first, size_t last) {
    NAME(any_up_input)(g, begin, end, v, first, last, NAME(keep_bf16));
}

static void NAME(bf16_up_products)(const struct upward *g, const float *v, float *m, size_t tiles,
                                   size_t first, size_t last) {
    NAME(any_up_products)(g, v, m, tiles, first, last, NAME(bf16_product));
}
