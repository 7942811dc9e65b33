// float64 kernels of the latent dynamics: 3x3 convolutions, tanh, and the solver's passes over a whole state.
//
// Every sum runs in one fixed order: results do not depend on threads or samples, bit by bit.
#pragma once
#include <stddef.h>

// A 3x3 convolution with zero padding 1. Packed: ck_double_packed doubles, aligned to 64 bytes.
struct ck_double_layer {
    const double *packed;
    size_t outputs, inputs;
};

// Weights w [outputs][inputs][3][3] and bias [outputs] in the order in which they are read.
size_t ck_double_packed(size_t outputs, size_t inputs);
void ck_double_pack(const double *w, const double *bias, size_t outputs, size_t inputs, double *packed);

// y [samples][outputs of the last][h][w] of x [samples][inputs of the first][h][w]: at least one layer, each after
// the first over tanh of the one before. Scratch: ck_double_scratch doubles, aligned to 64 bytes.
size_t ck_double_scratch(const struct ck_double_layer *layers, size_t count, size_t samples, size_t h, size_t w);
void ck_double_convolve(const struct ck_double_layer *layers, size_t count, const double *x, double *y,
                        size_t samples, size_t h, size_t w, double *scratch);

// In place. Off by less than 1 unit in the last place, by less than 2 without fused multiply-add.
void ck_tanh(double *x, size_t count);

// out = base + sum of factors[i] * terms[i], added up from the first term on.
void ck_combine(const double *base, const double *factors, const double *const *terms, size_t terms_count,
                double *out, size_t count);

// The sum of squares of (sum of factors[i] * terms[i]) / (atol + rtol * max(|a|, |b|)).
double ck_scaled_squares(const double *factors, const double *const *terms, size_t terms_count, const double *a,
                         const double *b, double atol, double rtol, size_t count);

// Quartics c0 + c1 x + ... + c4 x^4 with x in 0...1 over a step dt, through y0, y1 and the middle, with slopes f0 and
// f1 at the ends: c [5][count].
void ck_fit_quartics(const double *y0, const double *y1, const double *middle, const double *f0, const double *f1,
                     double dt, double *c, size_t count);

// out [positions][count]: the quartics' values at each x.
void ck_quartics(const double *c, size_t count, const double *x, size_t positions, double *out);
