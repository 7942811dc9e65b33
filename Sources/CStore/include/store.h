/* What the store needs of the system and Swift cannot say: a handler of memory faults, and statfs. */
#ifndef VSDB_STORE_H
#define VSDB_STORE_H

#include <stddef.h>
#include <stdint.h>

/**
 * Ends the process with a message, instead of a core dump, when reading mapped memory faults.
 *
 * liblmdb follows page numbers in its file. In a damaged one they lead behind the end of the file,
 * where the kernel raises SIGBUS, or beside the map (SIGSEGV); nothing is written by then. Other
 * faults go on to whoever handled them before.
 *
 * @param begin,size  the mapped memory
 * @param message     what to say on standard error; copied, at most 1,023 bytes
 * @param status      the exit status
 * @return the number of the watch, for `vsdb_unwatch_map`; -1 if 64 maps are watched already
 */
int vsdb_watch_map(const void *begin, size_t size, const char *message, int status);

/** Ends a watch before its memory is unmapped. */
void vsdb_unwatch_map(int watch);

/** Writes a message and ends the process: for assertions of liblmdb, which have no way back. */
_Noreturn void vsdb_stop(const char *message, int status);

/** The type number of the file system of a path (`statfs`), or 0. */
int64_t vsdb_file_system_type(const char *path);

#endif
