// Libraries that are opened by the first call of one of their functions.
//
// Linked as usual, libav and its codecs bring 130 libraries into every process, which take 25 ms to load and
// which most commands never call. Instead, a C target defines each function that we use under the library's own name,
// one VS_FORWARD each, so that callers are written, and checked against the library's headers, as ever.
#pragma once

// One shared library of the system.
struct vs_library {
    const char *soname;   // as the linker would have recorded it: the version that the headers belong to
    const char *package;  // the Debian package that holds it
    void *handle;         // once it is open
};

// The address of a function, from the library, which is opened if it is not yet.
//
// A library that is missing or too old is a matter of the installation, as for the system's own loader: it
// ends the process with status 1 and a message that says what is missing and what to install.
void *vs_function(struct vs_library *library, const char *name);

// Defines a function that passes its arguments on. Hidden: the library and its own libraries must not find
// our definition in place of theirs.
#define VS_FORWARD(LIBRARY, RESULT, NAME, PARAMETERS, ARGUMENTS)              \
    __attribute__((visibility("hidden"))) RESULT NAME PARAMETERS {            \
        static __typeof__(&NAME) function;                                    \
        __typeof__(&NAME) found = __atomic_load_n(&function, __ATOMIC_RELAXED); \
        if (!found) {                                                         \
            found = (__typeof__(&NAME))vs_function(&LIBRARY, #NAME);          \
            __atomic_store_n(&function, found, __ATOMIC_RELAXED);             \
        }                                                                     \
        return found ARGUMENTS;                                               \
    }

#define VS_TEXT_OF(NUMBER) #NUMBER
#define VS_TEXT(NUMBER) VS_TEXT_OF(NUMBER)
// The soname and the package of a library of a major version, as Debian names them.
#define VS_LIBRARY(NAME, MAJOR) {"lib" NAME ".so." VS_TEXT(MAJOR), "lib" NAME VS_TEXT(MAJOR), 0}
