#include "library_loading.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Noreturn static void leave(const struct vs_library *library, const char *why) {
    char text[1024];
    int length = snprintf(text, sizeof text,
                          "vsdb: error: %s cannot be used: %s; install the Debian package %s with all that it depends on\n",
                          library->soname, why ? why : "unknown reason", library->package);
    if (length > (int)sizeof text - 1) length = sizeof text - 1;
    // Nothing is flushed or removed: this may be any thread, in the middle of anything.
    if (write(STDERR_FILENO, text, (size_t)length) < 0) _exit(1);
    _exit(1);
}

void *vs_function(struct vs_library *library, const char *name) {
    void *handle = __atomic_load_n(&library->handle, __ATOMIC_ACQUIRE);
    if (!handle) {
        // Two threads that come here at once get the same handle.
        handle = dlopen(library->soname, RTLD_LAZY | RTLD_LOCAL);
        if (!handle) leave(library, dlerror());
        __atomic_store_n(&library->handle, handle, __ATOMIC_RELEASE);
    }
    void *function = dlsym(handle, name);
    if (!function) leave(library, dlerror());
    return function;
}
