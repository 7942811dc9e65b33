#define _GNU_SOURCE
#include "store.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { watch_limit = 64, message_limit = 1024 };

static struct {
    _Atomic uintptr_t begin, end; /* end is 0 while the place is free */
    int status;
    char message[message_limit];
} watches[watch_limit];

static struct sigaction earlier_bus, earlier_segv;
static pthread_once_t installed = PTHREAD_ONCE_INIT;
static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;

_Noreturn void vsdb_stop(const char *message, int status) {
    /* Nothing can be done about a message that cannot be written. */
    if (write(STDERR_FILENO, message, strlen(message)) < 0) { }
    _exit(status);
}

static void on_fault(int number, siginfo_t *info, void *context) {
    uintptr_t place = (uintptr_t)info->si_addr;
    for (int index = 0; index < watch_limit; index++) {
        uintptr_t end = atomic_load(&watches[index].end);
        if (end != 0 && place >= atomic_load(&watches[index].begin) && place < end)
            vsdb_stop(watches[index].message, watches[index].status);
    }
    /* Back to what was there; the instruction faults again and meets it. */
    sigaction(number, number == SIGBUS ? &earlier_bus : &earlier_segv, NULL);
    (void)context;
}

static void install(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &earlier_bus);
    sigaction(SIGSEGV, &action, &earlier_segv);
}

int vsdb_watch_map(const void *begin, size_t size, const char *message, int status) {
    pthread_once(&installed, install);
    pthread_mutex_lock(&table);
    int found = -1;
    for (int index = 0; index < watch_limit && found < 0; index++)
        if (atomic_load(&watches[index].end) == 0) found = index;
    if (found >= 0) {
        watches[found].status = status;
        strncpy(watches[found].message, message, message_limit - 1);
        atomic_store(&watches[found].begin, (uintptr_t)begin);
        atomic_store(&watches[found].end, (uintptr_t)begin + size);
    }
    pthread_mutex_unlock(&table);
    return found;
}

void vsdb_unwatch_map(int watch) {
    if (watch >= 0 && watch < watch_limit) atomic_store(&watches[watch].end, 0);
}

int64_t vsdb_file_system_type(const char *path) {
    struct statfs facts;
    return statfs(path, &facts) == 0 ? (int64_t)facts.f_type : 0;
}
