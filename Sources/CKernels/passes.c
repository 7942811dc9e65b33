#include "passes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CLONES
#endif

CLONES static void epilogue_plane(float *x, size_t pixels, float demod, const float *noise,
                                  float strength, float bias, float slope, float gain,
                                  float clamp) {
    if (noise) {
        for (size_t i = 0; i < pixels; i++) x[i] = x[i] * demod + noise[i] * strength;
        demod = 1;
    }
    for (size_t i = 0; i < pixels; i++) {
        float v = x[i] * demod + bias;
        v = (v < 0 ? v * slope : v) * gain;
        x[i] = v;
    }
    if (clamp >= 0) {
        for (size_t i = 0; i < pixels; i++) {
            float v = x[i];
            v = v > clamp ? clamp : v;
            x[i] = v < -clamp ? -clamp : v;
        }
    }
}

struct epilogue {
    float *x;
    size_t channels, pixels;
    const float *demod, *noise, *bias;
    float strength, slope, gain, clamp;
};

static void epilogue_part(void *context, size_t begin, size_t end) {
    const struct epilogue *e = context;
    for (size_t p = begin; p < end; p++) {
        epilogue_plane(e->x + p * e->pixels, e->pixels, e->demod ? e->demod[p] : 1.0f, e->noise,
                       e->strength, e->bias ? e->bias[p % e->channels] : 0.0f, e->slope, e->gain,
                       e->clamp);
    }
}

// Work of about this many elements is worth handing to another thread.
enum { PART = 16384 };

static size_t grain(size_t elements_each) {
    return elements_each >= PART ? 1 : PART / (elements_each ? elements_each : 1);
}

void ck_styled_epilogue(float *x, size_t samples, size_t channels, size_t pixels, const float *demod,
                        const float *noise, float strength, const float *bias, float slope,
                        float gain, float clamp) {
    struct epilogue e = {x, channels, pixels, demod, noise, bias, strength, slope, gain, clamp};
    ck_parallel(samples * channels, grain(pixels), epilogue_part, &e);
}

// A zeroed row on the heap: a wide image must not depend on how large the caller's stack is.
static float *zero_row(size_t width) {
    float *row = calloc(width, sizeof *row);
    if (!row) abort();
    return row;
}

// One output row of the vertical pass: sum of four (possibly absent) input rows.
CLONES static void fir_rows(const float *const rows[4], const float f[4], float *out, size_t w) {
    memset(out, 0, w * sizeof *out);
    for (int k = 0; k < 4; k++) {
        if (!rows[k]) continue;
        const float *in = rows[k];
        const float c = f[k];
        for (size_t i = 0; i < w; i++) out[i] += in[i] * c;
    }
}

struct fir {
    const float *x;
    float *y;
    size_t h, w;
    const float *f;
};

// With zeros between the samples each output sees two of the four taps: an even output pixel 2i
// has (x[i-1], x[i]) with (f0, f2), an odd one 2i+1 has (x[i], x[i+1]) with (f1, f3).
CLONES static void up2_row(const float *row, const float f[4], float *out, size_t w) {
    for (size_t i = 0; i < w; i++) {
        out[2 * i] = row[i] * f[0] + row[i + 1] * f[2];
        out[2 * i + 1] = row[i + 1] * f[1] + row[i + 2] * f[3];
    }
}

static void up2_part(void *context, size_t begin, size_t end) {
    const struct fir *a = context;
    const size_t h = a->h, w = a->w;
    float *row = zero_row(w + 2);
    for (size_t p = begin; p < end; p++) {
        const float *x = a->x + p * h * w;
        float *y = a->y + p * h * w * 4;
        for (size_t i = 0; i < 2 * h; i++) {
            const size_t j = i / 2;
            const bool odd = i % 2;
            const float *first = odd ? x + j * w : (j > 0 ? x + (j - 1) * w : NULL);
            const float *second = odd ? (j + 1 < h ? x + (j + 1) * w : NULL) : x + j * w;
            const float *const rows[4] = {first, second, NULL, NULL};
            const float taps[4] = {odd ? a->f[1] : a->f[0], odd ? a->f[3] : a->f[2], 0, 0};
            fir_rows(rows, taps, row + 1, w);
            up2_row(row, a->f, y + i * 2 * w, w);
        }
    }
    free(row);
}

void ck_up2_fir4(const float *x, float *y, size_t planes, size_t h, size_t w, const float f[4]) {
    struct fir a = {x, y, h, w, f};
    ck_parallel(planes, grain(4 * h * w), up2_part, &a);
}

CLONES void ck_leaky_relu(const float *x, float *y, size_t count, float slope, float gain) {
    for (size_t i = 0; i < count; i++) {
        const float v = x[i];
        y[i] = (v < 0 ? v * slope : v) * gain;
    }
}

void ck_sigmoid(double *x, size_t count) {
    for (size_t i = 0; i < count; i++) x[i] = 1.0 / (1.0 + exp(-x[i]));
}
