// Convolutions of encoders, and what lies between them, on feature maps in blocks of 16 channels (blocked.h).
//
// Every sum runs in one fixed order, whatever the number of threads or samples: results do not depend on them, bit
// by bit. Vectors by channel hold blocks * 16 numbers and are aligned to 64 bytes.
#pragma once
#include "blocked.h"

// y = prelu(convolution(x) + bias), padding kernel / 2; slopes by channel, or null for none.
struct ck_layer {
    size_t kernel, stride;  // 1 or 3; 1 or 2
    const float *packed, *bias, *slopes;
};

// By plain sums; packed by ck_pack_direct with the taps in order.
void ck_convolve(const struct ck_map *x, const struct ck_layer *layer, struct ck_map *y);

// A 3x3 kernel with stride 2 by Winograd's algorithm, F(4, 2) for the outer taps; packed by
// ck_pack_winograd_down into 36 * blocks of inputs * blocks of outputs * 256 floats.
void ck_pack_winograd_down(const float *w, size_t outputs, size_t inputs, float *packed);
size_t ck_winograd_down_scratch(const struct ck_map *x, const struct ck_map *y);
void ck_winograd_down(const struct ck_map *x, const struct ck_layer *layer, struct ck_map *y, float *scratch);

// y = x * scale + shift by channel; the border stays zero.
void ck_affine(const struct ck_map *x, const float *scale, const float *shift, struct ck_map *y);

// The mean of every channel, [samples][blocks * 16].
void ck_channel_means(const struct ck_map *x, float *means);

// y = x * gate + every `stride`th row and column of kept; gate [samples][blocks * 16].
// If `normed` is not null it becomes y * scale + shift.
void ck_gated_sum(const struct ck_map *x, const float *gate, const struct ck_map *kept, size_t stride,
                  struct ck_map *y, const float *scale, const float *shift, struct ck_map *normed);

// y += x resized bilinearly, the centres of the corner pixels kept in place.
void ck_add_resized(const struct ck_map *x, struct ck_map *y);
