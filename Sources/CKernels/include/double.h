// The 3x3 convolution of the latent dynamics in float64, zero padding 1.
//
// Sums run over taps and channels in one fixed order: results do not depend on threads or samples, bit by bit.
#pragma once
#include <stddef.h>

// Weights w [outputs][inputs][3][3] in the order in which they are read: ck_double_packed doubles, aligned.
size_t ck_double_packed(size_t outputs, size_t inputs);
void ck_double_pack(const double *w, size_t outputs, size_t inputs, double *packed);

// y [samples][outputs][h][w] of x [samples][inputs][h][w]. Scratch: ck_double_scratch doubles, aligned to 64
// bytes.
size_t ck_double_scratch(size_t samples, size_t inputs, size_t h, size_t w);
void ck_double_convolve(const double *x, const double *packed, const double *bias, double *y, size_t samples,
                        size_t inputs, size_t outputs, size_t h, size_t w, double *scratch);
