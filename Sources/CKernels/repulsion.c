#include "repulsion.h"
#include "passes.h"

#if defined(__x86_64__) && defined(__linux__)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CLONES
#endif

enum { LANES = 16 };

struct places {
    const float *x, *y;
    size_t padded;
    float *forces;
};

static inline __attribute__((always_inline)) float sum(const float *lanes) {
    float total = 0;
    for (int lane = 0; lane < LANES; lane++) total += lanes[lane];
    return total;
}

CLONES static void repulsion_part(void *context, size_t begin, size_t end) {
    const struct places *p = context;
    for (size_t i = begin; i < end; i++) {
        const float x = p->x[i], y = p->y[i];
        float fx[LANES] = {0}, fy[LANES] = {0}, near[LANES] = {0};
        for (size_t j = 0; j < p->padded; j += LANES) {
            for (int lane = 0; lane < LANES; lane++) {
                const float dx = x - p->x[j + lane], dy = y - p->y[j + lane];
                const float q = 1 / (1 + dx * dx + dy * dy), square = q * q;
                near[lane] += q;
                fx[lane] += square * dx;
                fy[lane] += square * dy;
            }
        }
        p->forces[3 * i] = sum(fx);
        p->forces[3 * i + 1] = sum(fy);
        p->forces[3 * i + 2] = sum(near);
    }
}

void ck_repulsion(const float *x, const float *y, size_t count, size_t padded, float *forces) {
    struct places p = {x, y, padded, forces};
    ck_parallel(count, padded < 4096 ? 64 : 8, repulsion_part, &p);
}
