#include "vocabulary.h"

// #embed is C23 and an extension of clang before.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char merges[] = {
#embed "bpe_simple_vocab_16e6.txt.gz"
};

static const unsigned char licence[] = {
#embed "LICENSE"
};

struct vocabulary_bytes vocabulary_merges(void) {
    return (struct vocabulary_bytes){merges, sizeof merges};
}

struct vocabulary_bytes vocabulary_licence(void) {
    return (struct vocabulary_bytes){licence, sizeof licence};
}
