#include "passes.h"

// The ABI that gcc's -fopenmp compiles to, stable since GCC 4.2. Clang's -fopenmp would bring a second
// runtime (libomp) with a second set of threads, which fights with the one oneDNN brings.
extern void GOMP_parallel(void (*fn)(void *), void *data, unsigned threads, unsigned flags);
extern void omp_set_num_threads(int);
extern int omp_get_max_threads(void);
extern int omp_get_num_threads(void);
extern int omp_get_thread_num(void);
extern int omp_in_parallel(void);

void ck_set_threads(int count) { omp_set_num_threads(count); }
int ck_threads(void) { return omp_get_max_threads(); }

struct parallel {
    void (*body)(void *, size_t, size_t);
    void *context;
    size_t count;
};

static void part(void *data) {
    const struct parallel *p = data;
    const size_t threads = (size_t)omp_get_num_threads(), me = (size_t)omp_get_thread_num();
    const size_t begin = p->count * me / threads, end = p->count * (me + 1) / threads;
    if (begin < end) p->body(p->context, begin, end);
}

void ck_parallel(size_t count, size_t grain, void (*body)(void *, size_t, size_t), void *context) {
    size_t threads = (size_t)omp_get_max_threads();
    const size_t worthwhile = count / (grain ? grain : 1);
    if (threads > worthwhile) threads = worthwhile;
    if (threads <= 1 || omp_in_parallel()) {
        if (count) body(context, 0, count);
        return;
    }
    struct parallel p = {body, context, count};
    GOMP_parallel(part, &p, (unsigned)threads, 0);
}
