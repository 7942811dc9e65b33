#include "peak.h"

#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define WIDE __attribute__((target("avx512f,avx512vl,fma")))
#define MIDDLE __attribute__((target("avx2,fma")))
static int is_wide(void) { return __builtin_cpu_supports("avx512f"); }
static int is_middle(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#else
#define WIDE
#define MIDDLE
static int is_wide(void) { return 0; }
static int is_middle(void) { return 0; }
#endif

// Twelve sums hide the latency of four cycles on two units.
enum { SUMS = 12 };

#define MULTIPLY_ADD(NAME, TARGET, TYPE, BYTES)                                              \
    TARGET static double NAME(size_t rounds) {                                               \
        typedef TYPE vector __attribute__((vector_size(BYTES)));                             \
        vector sums[SUMS], factor = (vector){0} + (TYPE)0.999, term = (vector){0} + (TYPE)0.1; \
        for (int i = 0; i < SUMS; i++) sums[i] = (vector){0} + (TYPE)i;                      \
        for (size_t r = 0; r < rounds; r++) {                                                \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; i++)                \
                sums[i] = sums[i] * factor + term;                                           \
        }                                                                                    \
        for (int i = 0; i < SUMS; i++) __asm__ volatile("" ::"m"(sums[i]));                  \
        return 2.0 * SUMS * (BYTES / sizeof(TYPE)) * (double)rounds;                         \
    }

MULTIPLY_ADD(wide_float32, WIDE, float, 64)
MULTIPLY_ADD(middle_float32, MIDDLE, float, 32)
MULTIPLY_ADD(narrow_float32, , float, 16)
MULTIPLY_ADD(wide_float64, WIDE, double, 64)
MULTIPLY_ADD(middle_float64, MIDDLE, double, 32)
MULTIPLY_ADD(narrow_float64, , double, 16)

double pk_float32(size_t rounds) {
    return is_wide() ? wide_float32(rounds) : is_middle() ? middle_float32(rounds) : narrow_float32(rounds);
}

double pk_float64(size_t rounds) {
    return is_wide() ? wide_float64(rounds) : is_middle() ? middle_float64(rounds) : narrow_float64(rounds);
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512vl,avx512bf16"))) static double native_bfloat16(size_t rounds) {
    __m512 sums[SUMS];
    const __m512bh factor = (__m512bh)_mm512_set1_epi32(0x3f803f80);
    for (int i = 0; i < SUMS; i++) sums[i] = _mm512_set1_ps((float)i);
    for (size_t r = 0; r < rounds; r++) {
        _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; i++)
            sums[i] = _mm512_dpbf16_ps(sums[i], factor, factor);
    }
    for (int i = 0; i < SUMS; i++) __asm__ volatile("" ::"m"(sums[i]));
    return 2.0 * SUMS * 32 * (double)rounds;
}
double pk_bfloat16(size_t rounds) {
    return __builtin_cpu_supports("avx512bf16") ? native_bfloat16(rounds) : 0;
}
#else
double pk_bfloat16(size_t rounds) { return 0 * (double)rounds; }
#endif

#define READ(NAME, TARGET)                                                              \
    TARGET static void NAME(const void *bytes, size_t count) {                          \
        typedef uint64_t vector __attribute__((vector_size(64), aligned(64)));          \
        const vector *v = bytes;                                                        \
        vector sums[8] = {{0}};                                                         \
        for (size_t i = 0; i + 8 <= count / 64; i += 8) {                               \
            _Pragma("clang loop unroll(full)") for (int k = 0; k < 8; k++) sums[k] += v[i + k]; \
        }                                                                               \
        for (int k = 0; k < 8; k++) __asm__ volatile("" ::"m"(sums[k]));                \
    }
READ(wide_read, WIDE)
READ(middle_read, MIDDLE)
READ(narrow_read, )

void pk_read(const void *bytes, size_t count) {
    (is_wide() ? wide_read : is_middle() ? middle_read : narrow_read)(bytes, count);
}
