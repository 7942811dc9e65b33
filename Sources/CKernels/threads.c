#include "passes.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

// The ABI that gcc's -fopenmp compiles to, stable since GCC 4.2. Clang's -fopenmp would bring a second
// runtime (libomp) with a second set of threads, which fights with the one oneDNN brings.
extern void GOMP_parallel(void (*fn)(void *), void *data, unsigned threads, unsigned flags);
extern void omp_set_num_threads(int);
extern int omp_get_max_threads(void);
extern int omp_get_num_threads(void);
extern int omp_get_thread_num(void);
extern int omp_in_parallel(void);
extern int omp_get_num_procs(void);

// libgomp's threads spin for milliseconds while they wait, which is fine on idle cores and ruinous on busy
// ones: with five other processes on two cores an ingest took 21 s spinning and 3 s not. The policy can only
// be set by environment variables that are read before main (OMP_WAIT_POLICY, GOMP_SPINCOUNT), but the
// library spins a three-hundredth as long once it manages more threads than there are cores. A second,
// idle pool brings that about. If a later libgomp counts otherwise, only the speed-up is lost.
static void nothing(void *data) { (void)data; }

static sem_t pool_may_end;
static bool has_idle_pool;

static void *keep_idle_pool(void *ready) {
    GOMP_parallel(nothing, NULL, (unsigned)omp_get_num_procs(), 0);
    sem_post(ready);
    while (sem_wait(&pool_may_end)) continue;
    return NULL;
}

static void start_idle_pool(void) {
    if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT") || omp_get_num_procs() < 2) return;
    static sem_t ready;
    pthread_t thread;
    pthread_attr_t small;
    if (sem_init(&ready, 0, 0) || sem_init(&pool_may_end, 0, 0) || pthread_attr_init(&small)) return;
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&small, 256 * 1024);
    if (pthread_create(&thread, &small, keep_idle_pool, &ready) == 0) {
        has_idle_pool = true;
        while (sem_wait(&ready)) continue;
    }
    pthread_attr_destroy(&small);
}

// Every layer allocates and frees tensors of megabytes. By default each is a mapping of its own, whose fresh
// pages are cleared and whose removal interrupts the other cores; kept in the heap they are used again.
static void keep_freed_memory(void) {
#if defined(__GLIBC__)
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, 512 << 20);
    mallopt(M_TOP_PAD, 16 << 20);
#endif
}

static void prepare_process(void) {
    keep_freed_memory();
    start_idle_pool();
}

void ck_prepare_process(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare_process);
}

void ck_prepare_long_work(void) {
    ck_prepare_process();
    // Its threads leave the library's count with it, and the others spin again.
    if (has_idle_pool) sem_post(&pool_may_end);
    has_idle_pool = false;
#if defined(__GLIBC__)
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

void ck_set_threads(int count) { omp_set_num_threads(count); }
int ck_threads(void) { return omp_get_max_threads(); }

struct parallel {
    void (*body)(void *, size_t, size_t);
    void *context;
    size_t count;
};

static void run_part(const struct parallel *p, size_t me, size_t threads) {
    const size_t begin = p->count * me / threads, end = p->count * (me + 1) / threads;
    if (begin < end) p->body(p->context, begin, end);
}

static void part(void *data) {
    run_part(data, (size_t)omp_get_thread_num(), (size_t)omp_get_num_threads());
}

// Waking a thread of libgomp that has gone to sleep takes up to 50 microseconds, as long as a small layer. The
// threads of a crew look for the leader's next job until the leader is done, and let others run meanwhile. A job is
// cut into pieces that whoever is there takes one by one: a thread that another program keeps off its core holds
// up no more than the piece it has.
struct crew {
    void (*body)(void *);
    void *context;
    struct parallel job;
    size_t threads;
    atomic_uint_least64_t claim;  // the job's number, its pieces, the next piece: 32, 16 and 16 bits
    atomic_size_t pieces_done;
    atomic_bool is_over;
};

static _Thread_local struct crew *led_crew;

enum { LOOKS_BEFORE_YIELD = 100, PIECES_PER_THREAD = 4 };

static void look_again(size_t *looks) {
    if (++*looks % LOOKS_BEFORE_YIELD == 0) {
        sched_yield();
        return;
    }
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// Runs the next piece, if there is one. The job stays as it is until all its pieces are done. What a piece itself
// gives to ck_parallel runs on its thread.
static bool run_piece(struct crew *crew) {
    uint_least64_t claim = atomic_load_explicit(&crew->claim, memory_order_acquire);
    size_t piece, pieces;
    do {
        piece = claim & 0xffff;
        pieces = claim >> 16 & 0xffff;
        if (piece == pieces) return false;
    } while (!atomic_compare_exchange_weak_explicit(&crew->claim, &claim, claim + 1,
                                                    memory_order_acquire, memory_order_acquire));
    struct crew *led = led_crew;
    led_crew = NULL;
    run_part(&crew->job, piece, pieces);
    led_crew = led;
    atomic_fetch_add_explicit(&crew->pieces_done, 1, memory_order_release);
    return true;
}

static void crew_give(struct crew *crew, struct parallel job) {
    const size_t most = crew->threads * PIECES_PER_THREAD;
    const size_t pieces = job.count < most ? job.count : most;
    const uint_least64_t number = (atomic_load_explicit(&crew->claim, memory_order_relaxed) >> 32) + 1;
    crew->job = job;
    atomic_store_explicit(&crew->pieces_done, 0, memory_order_relaxed);
    atomic_store_explicit(&crew->claim, number << 32 | pieces << 16, memory_order_release);
    while (run_piece(crew)) continue;
    size_t looks = 0;
    while (atomic_load_explicit(&crew->pieces_done, memory_order_acquire) < pieces)
        look_again(&looks);
}

static void crew_follow(struct crew *crew) {
    size_t looks = 0;
    while (!atomic_load_explicit(&crew->is_over, memory_order_acquire)) {
        if (run_piece(crew))
            looks = 0;
        else
            look_again(&looks);
    }
}

static void crew_member(void *data) {
    struct crew *crew = data;
    if (omp_get_thread_num() > 0) {
        crew_follow(crew);
        return;
    }
    crew->body(crew->context);
    atomic_store_explicit(&crew->is_over, true, memory_order_release);
}

void ck_crew(void (*body)(void *), void *context) {
    const size_t threads = (size_t)omp_get_max_threads();
    if (threads <= 1 || omp_in_parallel()) {
        body(context);
        return;
    }
    struct crew crew = {.body = body, .context = context, .threads = threads};
    led_crew = &crew;
    GOMP_parallel(crew_member, &crew, (unsigned)threads, 0);
    led_crew = NULL;
}

void ck_parallel(size_t count, size_t grain, void (*body)(void *, size_t, size_t), void *context) {
    size_t threads = (size_t)omp_get_max_threads();
    const size_t worthwhile = count / (grain ? grain : 1);
    if (threads > worthwhile) threads = worthwhile;
    struct parallel p = {body, context, count};
    if (threads > 1 && led_crew) {
        crew_give(led_crew, p);
        return;
    }
    if (threads <= 1 || omp_in_parallel()) {
        if (count) body(context, 0, count);
        return;
    }
    GOMP_parallel(part, &p, (unsigned)threads, 0);
}
