// What training needs beside convolutions: elementwise maps, passes over rows, sparse maps along an axis, attention, and
// the optimiser's update, each in float32 and float64 (ck_..._f32, ck_..._f64).
//
// Rows are the channels of one pixel or token; they follow each other, groups of `group_rows` of them belong to a sample.
// Every sum runs in one fixed order: results do not depend on the number of threads, bit by bit.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// y[i] of a[i], b[i] and the numbers s and t. Where `b` is named a gradient, it is that of the function's value.
enum ck_elementwise {
    CK_SUM,              // s a + t b
    CK_SCALE,            // s a + t
    CK_PRODUCT,          // s a b
    CK_QUOTIENT,         // a / b
    CK_SQUARE,           // a^2
    CK_SQUARE_ROOT,      // sqrt(a + s)
    CK_INVERSE_ROOT,     // 1 / sqrt(a + s)
    CK_ABSOLUTE,         // |a|
    CK_ABSOLUTE_BACK,    // sign(a) gradient b
    CK_EXPONENTIAL,      // exp(a)
    CK_LOGARITHM,        // log(a + s)
    CK_LEAKY,            // t (a < 0 ? s a : a)
    CK_LEAKY_BACK,       // t (a < 0 ? s : 1) gradient b; a is the argument or the value
    CK_TANH,             // tanh(a)
    CK_TANH_BACK,        // (1 - a^2) gradient b; a is the value
    CK_SIGMOID,          // 1 / (1 + exp(-a))
    CK_SIGMOID_BACK,     // a (1 - a) gradient b; a is the value
    CK_GELU_MAP,         // a / 2 (1 + erf(a / sqrt 2))
    CK_GELU_BACK,        // its slope at a, times gradient b
    CK_QUICK_GELU_MAP,   // a / (1 + exp(-1.702 a))
    CK_QUICK_GELU_BACK,  // its slope at a, times gradient b
    CK_MAXIMUM,          // max(a, s)
    CK_MAXIMUM_BACK,     // a > s ? gradient b : 0
};

#define CK_GRADIENT_FUNCTIONS(T, SUFFIX)                                                                               \
    /* y may be a or b. */                                                                                             \
    void ck_map_##SUFFIX(enum ck_elementwise map, const T *a, const T *b, T s, T t, T *y, size_t count);                       \
    /* y[r][c] = x[r][c] * scale[r / group_rows][c] + shift[r / shift_rows][c]; scale and shift may be null. */        \
    void ck_rows_affine_##SUFFIX(const T *x, size_t rows, size_t width, const T *scale, size_t scale_rows,             \
                                 const T *shift, size_t shift_rows, T *y);                                             \
    /* sums[g][c] = sum over the rows of group g of a[r][c] * b[r][c]; b may be null for 1. */                         \
    void ck_rows_sum_##SUFFIX(const T *a, const T *b, size_t rows, size_t width, size_t group_rows, T *sums);          \
    /* sums[r] = sum over c of a[r][c] * b[r][c]; b may be null for 1. */                                              \
    void ck_columns_sum_##SUFFIX(const T *a, const T *b, size_t rows, size_t width, T *sums);                          \
    /* y = leaky ReLU(x + noise[r % pixels] * strength + bias[c]) * gain; noise and bias may be null. */               \
    void ck_styled_rows_##SUFFIX(const T *x, size_t rows, size_t width, const T *noise, size_t pixels, T strength,     \
                                 const T *bias, T slope, T gain, T *y);                                                \
    /* y = (x - mean) / deviation over each row; keeps 1 / deviation, eps inside the root. */                          \
    void ck_normalise_rows_##SUFFIX(const T *x, size_t rows, size_t width, T eps, T *y, T *inverse);                   \
    /* The gradient of x, from that of y, y and 1 / deviation. */                                                      \
    void ck_normalise_rows_back_##SUFFIX(const T *gradient, const T *y, const T *inverse, size_t rows, size_t width,   \
                                         T *dx);                                                                       \
    /* Softmax over each row, and the gradient of its argument from its value y. */                                    \
    void ck_softmax_rows_##SUFFIX(const T *x, size_t rows, size_t width, T *y);                                        \
    void ck_softmax_rows_back_##SUFFIX(const T *gradient, const T *y, size_t rows, size_t width, T *dx);               \
    /* y[o][i][:] = sum over k in first[i] ..< first[i + 1] of weights[k] * x[o][indices[k]][:]. */                    \
    void ck_sparse_##SUFFIX(const T *x, size_t outer, size_t inputs, size_t outputs, size_t inner,                     \
                            const uint32_t *first, const uint32_t *indices, const T *weights, T *y);                   \
    /* Rows of pixels with all inputs of a kernel: x [n][h][w][c] to columns [n * oh * ow][kh * kw * c]. */            \
    void ck_unfold_##SUFFIX(const T *x, size_t n, size_t h, size_t w, size_t c, size_t kh, size_t kw, size_t stride,   \
                            size_t top, size_t left, size_t oh, size_t ow, T *columns);                                \
    /* The transpose of ck_unfold: adds columns up into x. */                                                          \
    void ck_fold_##SUFFIX(const T *columns, size_t n, size_t h, size_t w, size_t c, size_t kh, size_t kw,              \
                          size_t stride, size_t top, size_t left, size_t oh, size_t ow, T *x);                         \
    /* Scaled dot-product attention over packed rows q [samples][queries][heads * width], k and v likewise, with       \
       row steps; keeps probabilities [samples][heads][queries][keys]. */                                              \
    void ck_attention_##SUFFIX(const T *q, size_t q_step, const T *k, const T *v, size_t kv_step, size_t samples,      \
                               size_t heads, size_t queries, size_t keys, size_t width, T scale, bool causal,          \
                               T *probabilities, T *y);                                                                \
    /* Its gradients, from that of y [samples][queries][heads * width]; they have the steps of q, k, v. */             \
    void ck_attention_back_##SUFFIX(const T *gradient, const T *q, size_t q_step, const T *k, const T *v,              \
                                    size_t kv_step, size_t samples, size_t heads, size_t queries, size_t keys,         \
                                    size_t width, T scale, const T *probabilities, T *dq, T *dk, T *dv);               \
    /* y[o][j][i][:] = x[o][i][j][:] for i < rows and j < columns. */                                                  \
    void ck_swap_axes_##SUFFIX(const T *x, size_t outer, size_t rows, size_t columns, size_t inner, T *y);             \
    /* y[r][c] = x[r]. */                                                                                              \
    void ck_spread_##SUFFIX(const T *x, size_t rows, size_t width, T *y);                                              \
    /* The sum of squares, in float64. */                                                                              \
    double ck_squares_##SUFFIX(const T *x, size_t count);                                                              \
    /* One step of Adam with decoupled weight decay; rate carries the bias correction of the first moment, root that   \
       of the second: x -= rate * m / (sqrt(v) * root + eps) + decay * x. */                                           \
    void ck_adam_##SUFFIX(T *x, const T *gradient, T *m, T *v, size_t count, T scale, T beta1, T beta2, T rate,        \
                          T root, T eps, T decay);

CK_GRADIENT_FUNCTIONS(float, f32)
CK_GRADIENT_FUNCTIONS(double, f64)

// ck_product of gemm.h in float64: c [m][n] = alpha a b (+ c), with any steps between rows and columns of a [m][k] and
// b [k][n].
void ck_product_f64(size_t m, size_t n, size_t k, double alpha, const double *a, size_t a_row, size_t a_column,
                    const double *b, size_t b_row, size_t b_column, bool accumulates, double *c);
