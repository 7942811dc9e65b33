// The products of a 3x3 convolution with stride 2, or its transpose, by F(4, 2): 9 for each axis of a tile, of which the
// last four share their weight. So 81 products of a tile have 36 weights; those of one weight lie together.
#pragma once
#include <stddef.h>

enum { WEIGHTS = 36, PRODUCTS = 81 };

// How many products of a tile share weight q.
static inline size_t copies_of(size_t q) { return (q / 6 < 5 ? 1 : 4) * (q % 6 < 5 ? 1 : 4); }

// Where the 81 products of tile 0 of a block lie among those of `tiles` tiles of `depth` floats; base says where
// those of each weight begin.
static inline void place_products(const size_t base[WEIGHTS], size_t block, size_t tiles, size_t depth,
                                  size_t place[PRODUCTS]) {
    for (size_t i = 0; i < 9; i++) {
        for (size_t j = 0; j < 9; j++) {
            const size_t q = (i < 5 ? i : 5) * 6 + (j < 5 ? j : 5), columns = j < 5 ? 1 : 4;
            const size_t copy = (i < 5 ? 0 : i - 5) * columns + (j < 5 ? 0 : j - 5);
            place[9 * i + j] = base[q] + (block * copies_of(q) + copy) * tiles * depth;
        }
    }
}

// A product, of all channels of a tile with a panel of outputs, among first..<last of all: weight by weight, the copies
// of a panel one after the other. Threads share them evenly, since each is as much work.
struct product_walk {
    size_t q, before, panels;
};

static inline void find_product(struct product_walk *walk, size_t i, size_t *panel, size_t *copy) {
    while (i >= walk->before + copies_of(walk->q) * walk->panels)
        walk->before += copies_of(walk->q++) * walk->panels;
    *panel = (i - walk->before) / copies_of(walk->q);
    *copy = (i - walk->before) % copies_of(walk->q);
}
