/*
 * System calls that fail on demand: loaded into a program by LD_PRELOAD, for the fault tests.
 *
 * Calls that write, sync, cut or rename a file below VSDB_FAULT_FOLDER are counted, over all threads; writing through
 * a mapping is not, and nothing here does so: LMDB and SQLite map to read. Call number
 * VSDB_FAULT_AT, from 1, does what VSDB_FAULT_KIND says:
 *
 *   EIO, ENOSPC  nothing is written, the call fails
 *   SHORT        half is written, and the call says so, as the manual allows; other calls fail with EIO
 *   TORN         half is written, the call fails with EIO
 *   KILL         half is written, the process dies
 *
 * With VSDB_FAULT_LASTING all later calls fail too. The file VSDB_FAULT_COUNTER, of 8 bytes at least, gets the number
 * of calls as a native 64-bit integer.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { NONE, FAIL, HALF_DONE, HALF_FAILED, DIE };

static const char *folder;
static enum kind kind_of_fault;
static int code_of_fault = EIO;
static int is_lasting;
static uint64_t fault_at;
static _Atomic uint64_t own_counter;
static _Atomic uint64_t *counter = &own_counter;

__attribute__((constructor)) static void prepare(void) {
    const char *at = getenv("VSDB_FAULT_AT"), *kind = getenv("VSDB_FAULT_KIND");
    const char *file = getenv("VSDB_FAULT_COUNTER");
    fault_at = at ? strtoull(at, NULL, 10) : 0;
    is_lasting = getenv("VSDB_FAULT_LASTING") != NULL;
    if (kind != NULL) {
        if (strcmp(kind, "ENOSPC") == 0) code_of_fault = ENOSPC;
        kind_of_fault = strcmp(kind, "SHORT") == 0  ? HALF_DONE
                        : strcmp(kind, "TORN") == 0 ? HALF_FAILED
                        : strcmp(kind, "KILL") == 0 ? DIE
                                                    : FAIL;
    }
    int descriptor = file != NULL ? open(file, O_RDWR | O_CLOEXEC) : -1;
    if (descriptor >= 0) {
        void *map = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        if (map != MAP_FAILED) counter = map;
        close(descriptor);
    }
    folder = getenv("VSDB_FAULT_FOLDER");
}

static int lies_below(const char *path) {
    return folder != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_watched(int descriptor) {
    char link[40], path[PATH_MAX];
    int saved = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = folder == NULL ? -1 : readlink(link, path, sizeof path - 1);
    errno = saved;
    if (length < 0) return 0;
    path[length] = 0;
    return lies_below(path);
}

/* What becomes of the next call on a watched file. */
static enum kind next(void) {
    uint64_t number = atomic_fetch_add(counter, 1) + 1;
    if (fault_at == 0 || number < fault_at) return NONE;
    if (number > fault_at) return is_lasting ? FAIL : NONE;
    return kind_of_fault;
}

static int fail(void) {
    errno = code_of_fault;
    return -1;
}

/* Ends a call that has no halves: the caller goes on if this gives 0. */
static int refuse(enum kind kind) {
    if (kind == NONE) return 0;
    if (kind == DIE) kill(getpid(), SIGKILL);
    return fail();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WITH_HALVES(watched, whole, half)                     \
    enum kind kind = is_watched(watched) ? next() : NONE;     \
    if (kind == NONE) return whole;                           \
    if (kind == FAIL) return fail();                          \
    ssize_t written = half;                                   \
    if (kind == DIE) kill(getpid(), SIGKILL);                 \
    return kind == HALF_DONE && written > 0 ? written : fail()

ssize_t write(int file, const void *bytes, size_t count) {
    WITH_HALVES(file, REAL(write)(file, bytes, count), REAL(write)(file, bytes, count / 2));
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    WITH_HALVES(
        file, REAL(pwrite)(file, bytes, count, offset), REAL(pwrite)(file, bytes, count / 2, offset));
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    WITH_HALVES(
        file,
        REAL(pwrite64)(file, bytes, count, offset),
        REAL(pwrite64)(file, bytes, count / 2, offset));
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    WITH_HALVES(
        file, REAL(writev)(file, parts, count), REAL(write)(file, parts->iov_base, parts->iov_len / 2));
}

ssize_t pwritev(int file, const struct iovec *parts, int count, off_t offset) {
    WITH_HALVES(
        file,
        REAL(pwritev)(file, parts, count, offset),
        REAL(pwrite)(file, parts->iov_base, parts->iov_len / 2, offset));
}

ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t offset) {
    WITH_HALVES(
        file,
        REAL(pwritev64)(file, parts, count, offset),
        REAL(pwrite64)(file, parts->iov_base, parts->iov_len / 2, offset));
}

ssize_t sendfile(int out, int in, off_t *offset, size_t count) {
    WITH_HALVES(
        out, REAL(sendfile)(out, in, offset, count), REAL(sendfile)(out, in, offset, count / 2));
}

ssize_t copy_file_range(
    int in, off64_t *from, int out, off64_t *to, size_t count, unsigned int flags) {
    WITH_HALVES(
        out,
        REAL(copy_file_range)(in, from, out, to, count, flags),
        REAL(copy_file_range)(in, from, out, to, count / 2, flags));
}

int fsync(int file) { return is_watched(file) && refuse(next()) ? -1 : REAL(fsync)(file); }

int fdatasync(int file) {
    return is_watched(file) && refuse(next()) ? -1 : REAL(fdatasync)(file);
}

int ftruncate(int file, off_t length) {
    return is_watched(file) && refuse(next()) ? -1 : REAL(ftruncate)(file, length);
}

int ftruncate64(int file, off64_t length) {
    return is_watched(file) && refuse(next()) ? -1 : REAL(ftruncate64)(file, length);
}

int posix_fallocate(int file, off_t offset, off_t length) {
    return is_watched(file) && refuse(next()) ? code_of_fault
                                              : REAL(posix_fallocate)(file, offset, length);
}

int rename(const char *old, const char *new) {
    return lies_below(new) && refuse(next()) ? -1 : REAL(rename)(old, new);
}
