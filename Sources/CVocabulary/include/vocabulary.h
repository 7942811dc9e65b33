#ifndef CVOCABULARY_H
#define CVOCABULARY_H

#include <stddef.h>

/// A part of the program's read-only data; the kernel reads its pages when they are first looked at.
struct vocabulary_bytes {
    const unsigned char *start;
    size_t count;
};

/// The merges of the released CLIP models, as gzip.
struct vocabulary_bytes vocabulary_merges(void);

/// The licence of the merges, UTF-8.
struct vocabulary_bytes vocabulary_licence(void);

#endif
