// Matrix products and attention in float32.
//
// Every sum runs over its terms in one fixed order, whatever the number of threads or rows: results do not depend
// on them, bit by bit.
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum ck_activation { CK_IDENTITY, CK_GELU, CK_QUICK_GELU };

// y = activation(alpha * sum + bias) + added; bias [outputs], added [rows][y_step] (may be y); both may be null.
struct ck_gemm_epilogue {
    float alpha;
    const float *bias, *added;
    enum ck_activation activation;
};

// Weights w [outputs][inputs] with any steps between them, in the order in which they are read:
// ck_gemm_packed floats, aligned to 64 bytes.
size_t ck_gemm_packed(size_t outputs, size_t inputs);
void ck_gemm_pack(const float *w, size_t outputs, size_t inputs, size_t output_step, size_t input_step,
                  float *packed);
// Back to w [outputs][inputs].
void ck_gemm_unpack(const float *packed, size_t outputs, size_t inputs, float *w);

// y [rows][outputs] of x [rows][inputs]; the steps lie between rows.
void ck_gemm(const float *x, size_t rows, size_t x_step, const float *packed, size_t outputs, size_t inputs,
             const struct ck_gemm_epilogue *epilogue, float *y, size_t y_step);

// c [m][n] = alpha * a b (+ c), with any steps between the rows and columns of a [m][k] and b [k][n].
void ck_product(size_t m, size_t n, size_t k, float alpha, const float *a, size_t a_row, size_t a_column,
                const float *b, size_t b_row, size_t b_column, bool accumulates, float *c, size_t c_row);

// Scaled dot-product attention. Head h of a row owns its columns h * width ..< (h + 1) * width; steps lie
// between rows, a sample's rows follow each other.
struct ck_attention {
    size_t samples, heads, queries, keys, width;
    const float *q, *k, *v;  // [samples][queries or keys][heads * width]
    size_t q_step, kv_step;
    float scale;
    bool causal;           // query i sees keys 0...i only
    float *probabilities;  // [samples][heads][queries][keys], or null
    float *y;              // [samples][queries][heads * width]
};
void ck_attend(const struct ck_attention *attention);

// Rows of `width`: (x - mean) * rsqrt(var + eps) * weight + bias; weight and bias may be null.
void ck_layer_norm(const float *x, float *y, size_t rows, size_t width, const float *weight,
                   const float *bias, float eps);

// Softmax of scale * x over rows of `width`. If causal, row r is query r % queries and sees the
// entries up to its own index only; the others become 0.
void ck_softmax(float *x, size_t rows, size_t width, float scale, bool causal, size_t queries);

void ck_activate(float *x, size_t count, enum ck_activation activation);
