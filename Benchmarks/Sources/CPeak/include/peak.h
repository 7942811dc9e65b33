// What a thread of this processor can do at most, by loops that do nothing else.
#pragma once
#include <stddef.h>

// Fused multiply-adds on registers, with the widest vectors there are; the operations that were done, two for each
// multiply-add. bfloat16 multiplies pairs and adds them to float32; 0 where the processor cannot.
double pk_float32(size_t rounds);
double pk_float64(size_t rounds);
double pk_bfloat16(size_t rounds);

// Reads all bytes, a multiple of 512, aligned to 64.
void pk_read(const void *bytes, size_t count);
