// Scans over descriptors: rows of binary16 numbers in groups, and sketches of their signs.
//
// Every sum runs in one fixed order, whatever the number of threads or rows.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Rows [count][groups][width] of binary16 numbers, one after the other; width is a multiple of 32.
struct ck_descriptors {
    const uint16_t *rows;
    size_t count, groups, width;
};

// A query [groups][width] and the groups, ascending, that are not zero in it.
struct ck_query {
    const float *values;
    const uint32_t *groups;
    size_t group_count;
};

// scores [count] = inner products of rows and query, on all threads of the pool.
void ck_scan(const struct ck_descriptors *of, const struct ck_query *query, float *scores);

// scores [row_count] = inner products of the query and some rows.
void ck_scan_rows(const struct ck_descriptors *of, const struct ck_query *query, const uint32_t *rows,
                  size_t row_count, float *scores);

// Binary16 numbers of floats, rounded to nearest, and back.
void ck_halve(const float *x, size_t count, uint16_t *y);
void ck_widen(const uint16_t *x, size_t count, float *y);

// The places, ascending, where low <= x < high, and how many they are; of NaN none. Room for count.
size_t ck_between(const float *x, size_t count, float low, float high, uint32_t *places);

// Each 32 numbers, some of them negated, by a Hadamard matrix over sqrt(32): a rotation that spreads every number over
// all 32. In place; count is a multiple of 32.
void ck_rotate(float *x, size_t count);

// Sketches: one bit for each number of a row, whether it is positive after ck_rotate. Blocks of 64 rows, each
// [groups * width / 8][64] bytes, the first number in the lowest bit.
enum { CK_SKETCH_ROWS = 64 };
size_t ck_sketch_bytes(size_t count, size_t groups, size_t width);

// Writes the bits of rows first..<last; other rows of their blocks keep theirs.
void ck_sketch(const struct ck_descriptors *of, size_t first, size_t last, uint8_t *sketch);

// scores [whole blocks of 64] = what sketches let inner products be, up to a factor that all rows share. The query is
// not rotated yet.
void ck_scan_sketch(const uint8_t *sketch, size_t count, size_t groups, size_t width, const struct ck_query *query,
                    float *scores);
