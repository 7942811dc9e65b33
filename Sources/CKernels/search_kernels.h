// Included by search.c once for each kind of processor: NAME(x), and LANES floats in a vector, 16 or 8, or 1 for plain C.

// The inner product of one row and the query's groups; the numbers of a coming row are fetched meanwhile.
static inline float NAME(row)(const uint16_t *row, const uint16_t *coming, const struct ck_query *query, size_t width) {
#if LANES == 16
    __m512 a = _mm512_setzero_ps(), b = _mm512_setzero_ps();
    for (size_t g = 0; g < query->group_count; g++) {
        const size_t place = query->groups[g] * width;
        const uint16_t *x = row + place;
        const float *q = query->values + place;
        for (size_t i = 0; i < width; i += 32) {
            _mm_prefetch((const char *)(coming + place + i), _MM_HINT_T0);
            a = _mm512_fmadd_ps(_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(x + i))), _mm512_loadu_ps(q + i), a);
            b = _mm512_fmadd_ps(_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(x + i + 16))),
                                _mm512_loadu_ps(q + i + 16), b);
        }
    }
    return _mm512_reduce_add_ps(_mm512_add_ps(a, b));
#elif LANES == 8
    __m256 a = _mm256_setzero_ps(), b = _mm256_setzero_ps();
    for (size_t g = 0; g < query->group_count; g++) {
        const size_t place = query->groups[g] * width;
        const uint16_t *x = row + place;
        const float *q = query->values + place;
        for (size_t i = 0; i < width; i += 16) {
            _mm_prefetch((const char *)(coming + place + i), _MM_HINT_T0);
            a = _mm256_fmadd_ps(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(x + i))), _mm256_loadu_ps(q + i), a);
            b = _mm256_fmadd_ps(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(x + i + 8))),
                                _mm256_loadu_ps(q + i + 8), b);
        }
    }
    a = _mm256_add_ps(a, b);
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
#else
    (void)coming;
    float sum = 0;
    for (size_t g = 0; g < query->group_count; g++) {
        const size_t place = query->groups[g] * width;
        for (size_t i = place; i < place + width; i++) sum += widened(row[i]) * query->values[i];
    }
    return sum;
#endif
}

static inline const uint16_t *NAME(row_at)(const struct scan *s, size_t i, size_t last, size_t size) {
    const size_t place = i < last ? i : last - 1;
    return s->of->rows + (s->rows ? s->rows[place] : place) * size;
}

static void NAME(rows)(const struct scan *s, size_t first, size_t last) {
    const size_t width = s->of->width, size = s->of->groups * width;
    // The processor's own prefetching ends at a page, which a row may fill.
    const size_t lines = s->query->group_count * width / LINE_NUMBERS + 1, ahead = 1 + LINES_AHEAD / lines;
    for (size_t i = first; i < last; i++) {
#if LANES > 1
        // To look its page up takes longer than to fetch a row.
        _mm_prefetch((const char *)(NAME(row_at)(s, i + ROWS_AHEAD, last, size) + s->query->groups[0] * width),
                     _MM_HINT_T0);
#endif
        s->scores[i] = NAME(row)(NAME(row_at)(s, i, last, size), NAME(row_at)(s, i + ahead, last, size), s->query, width);
    }
}

// Blocks first..<last of sketches. A table holds for every half byte, 16 entries, what its bits add, 0...127.
static void NAME(blocks)(const struct sketch_scan *s, size_t first, size_t last) {
    for (size_t block = first; block < last; block++) {
        const uint8_t *bits = s->sketch + block * s->block_bytes;
        uint32_t sums[CK_SKETCH_ROWS] = {0};
        // 256 bytes add at most 256 * 254, which 16 bits hold.
        for (size_t begin = 0; begin < s->byte_count; begin += 256) {
            const size_t end = begin + 256 < s->byte_count ? begin + 256 : s->byte_count;
#if LANES == 16
            const __m512i low = _mm512_set1_epi8(15), even = _mm512_set1_epi16(255);
            __m512i a = _mm512_setzero_si512(), b = _mm512_setzero_si512();
            for (size_t i = begin; i < end; i++) {
                const uint8_t *at = bits + s->bytes[i] * (size_t)CK_SKETCH_ROWS;
                _mm_prefetch((const char *)(at + s->block_bytes), _MM_HINT_T0);
                const __m512i x = _mm512_loadu_si512(at);
                const __m128i *table = (const __m128i *)(s->tables + 32 * i);
                const __m512i p = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_load_si128(table)),
                                                      _mm512_and_si512(x, low));
                const __m512i q = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_load_si128(table + 1)),
                                                      _mm512_and_si512(_mm512_srli_epi16(x, 4), low));
                const __m512i sum = _mm512_add_epi8(p, q);
                a = _mm512_add_epi16(a, _mm512_and_si512(sum, even));
                b = _mm512_add_epi16(b, _mm512_srli_epi16(sum, 8));
            }
            uint16_t evens[32], odds[32];
            _mm512_storeu_si512(evens, a);
            _mm512_storeu_si512(odds, b);
            for (size_t i = 0; i < 32; i++) sums[2 * i] += evens[i], sums[2 * i + 1] += odds[i];
#elif LANES == 8
            const __m256i low = _mm256_set1_epi8(15), even = _mm256_set1_epi16(255);
            for (size_t half = 0; half < 2; half++) {
                __m256i a = _mm256_setzero_si256(), b = _mm256_setzero_si256();
                for (size_t i = begin; i < end; i++) {
                    const uint8_t *at = bits + s->bytes[i] * (size_t)CK_SKETCH_ROWS + 32 * half;
                    if (!half) _mm_prefetch((const char *)(at + s->block_bytes), _MM_HINT_T0);
                    const __m256i x = _mm256_loadu_si256((const __m256i *)at);
                    const __m128i *table = (const __m128i *)(s->tables + 32 * i);
                    const __m256i p = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_load_si128(table)),
                                                          _mm256_and_si256(x, low));
                    const __m256i q = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_load_si128(table + 1)),
                                                          _mm256_and_si256(_mm256_srli_epi16(x, 4), low));
                    const __m256i sum = _mm256_add_epi8(p, q);
                    a = _mm256_add_epi16(a, _mm256_and_si256(sum, even));
                    b = _mm256_add_epi16(b, _mm256_srli_epi16(sum, 8));
                }
                uint16_t evens[16], odds[16];
                _mm256_storeu_si256((__m256i *)evens, a);
                _mm256_storeu_si256((__m256i *)odds, b);
                for (size_t i = 0; i < 16; i++)
                    sums[32 * half + 2 * i] += evens[i], sums[32 * half + 2 * i + 1] += odds[i];
            }
#else
            for (size_t i = begin; i < end; i++) {
                const uint8_t *x = bits + s->bytes[i] * (size_t)CK_SKETCH_ROWS, *table = s->tables + 32 * i;
                for (size_t row = 0; row < CK_SKETCH_ROWS; row++)
                    sums[row] += (uint32_t)table[x[row] & 15] + table[16 + (x[row] >> 4)];
            }
#endif
        }
        float *scores = s->scores + block * CK_SKETCH_ROWS;
        for (size_t row = 0; row < CK_SKETCH_ROWS; row++) scores[row] = (float)sums[row] * s->step + s->base;
    }
}

// Places where low <= x < high, ascending; how many.
static void NAME(between)(const float *x, size_t count, float low, float high, uint32_t *places, size_t *found) {
    size_t i = 0, n = 0;
#if LANES == 16
    for (; i + 16 <= count; i += 16) {
        const __m512 v = _mm512_loadu_ps(x + i);
        unsigned those = _mm512_mask_cmp_ps_mask(_mm512_cmp_ps_mask(v, _mm512_set1_ps(low), _CMP_GE_OQ), v,
                                                 _mm512_set1_ps(high), _CMP_LT_OQ);
        for (; those; those &= those - 1) places[n++] = (uint32_t)(i + (size_t)__builtin_ctz(those));
    }
#elif LANES == 8
    for (; i + 8 <= count; i += 8) {
        const __m256 v = _mm256_loadu_ps(x + i);
        unsigned those = (unsigned)_mm256_movemask_ps(_mm256_and_ps(_mm256_cmp_ps(v, _mm256_set1_ps(low), _CMP_GE_OQ),
                                                                    _mm256_cmp_ps(v, _mm256_set1_ps(high), _CMP_LT_OQ)));
        for (; those; those &= those - 1) places[n++] = (uint32_t)(i + (size_t)__builtin_ctz(those));
    }
#endif
    for (; i < count; i++)
        if (x[i] >= low && x[i] < high) places[n++] = (uint32_t)i;
    *found = n;
}

static void NAME(halve)(const float *x, size_t count, uint16_t *y) {
    size_t i = 0;
#if LANES > 1
    for (; i + 8 <= count; i += 8)
        _mm_storeu_si128((__m128i *)(y + i), _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
#endif
    for (; i < count; i++) y[i] = halved(x[i]);
}

static void NAME(widen)(const uint16_t *x, size_t count, float *y) {
    size_t i = 0;
#if LANES > 1
    for (; i + 8 <= count; i += 8)
        _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(x + i))));
#endif
    for (; i < count; i++) y[i] = widened(x[i]);
}
#undef NAME
#undef LANES
