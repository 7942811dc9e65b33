// Convolutions of StyleGAN2 on feature maps whose channels lie in blocks of 16.
//
// Every sum runs over channels and taps in one fixed order, whatever the number of threads, samples or pixels:
// results do not depend on them, bit by bit.
#pragma once
#include <stdbool.h>
#include <stddef.h>

// Features [samples][blocks][height + 2][width + 2][16] with a border of zeros, aligned to 64 bytes.
struct ck_map {
    float *data;
    size_t samples, blocks, height, width;
};

// The most blocks that a kernel sums over: 8192 channels.
enum { CK_MAX_BLOCKS = 512 };

// y = clamp(gain * leaky_relu(x * demod + noise * strength + bias)), slope in 0...1, no clamp below 0.
// demod [samples][blocks * 16] and bias [blocks * 16] are aligned to 64 bytes; noise [height][width] or null.
// ck_winograd takes slopes by channel, up to 1, in place of the one slope if they are not null.
struct ck_epilogue {
    const float *demod, *noise, *bias, *slopes;
    float strength, slope, gain, clamp;
};

// A cleared block aligned to 64 bytes, on huge pages where it is large; free with free().
float *ck_aligned(size_t floats);

// Zeros around every plane, and plain features [samples][channels][height][width] in and out.
void ck_clear_border(const struct ck_map *map);
void ck_load(const float *x, size_t channels, const struct ck_map *map);
void ck_store(const struct ck_map *map, size_t channels, float *x);

// The bytes of one row of numbers that the kernels compute with at once: 64 AVX-512, 32 AVX2, 16 portable.
int ck_vector_bytes(void);

// Whether the processor multiplies bfloat16 numbers. If so, the functions with `bf16` may round what enters the
// products of Winograd's algorithm, features and weights alike, to bfloat16; sums and results stay float32.
bool ck_has_bf16(void);

// Weights w [outputs][inputs][3][3] for F(4x4, 3x3), or for the transposed convolution by F(4, 2):
// 36 * blocks of inputs * blocks of outputs * 256 floats, half as many if `bf16`.
void ck_pack_winograd(const float *w, size_t outputs, size_t inputs, bool up, bool bf16,
                      float *packed);

// Weights for the direct kernels: `taps` of the kernel [outputs][inputs][size] in the given order,
// taps * blocks of inputs * blocks of outputs * 256 floats.
void ck_pack_direct(const float *w, size_t outputs, size_t inputs, size_t size, const size_t *taps,
                    size_t tap_count, float *packed);

// 3x3 convolution with padding 1 of x times styles [samples][channels], height and width multiples of 4.
void ck_winograd(const struct ck_map *x, const float *styles, const float *packed, bool bf16,
                 const struct ck_epilogue *epilogue, struct ck_map *y, float *scratch);

// The transposed one with stride 2, of size 2h + 1, then the blur with the taps f (f[0] = f[3], f[1] = f[2]) on
// each axis, padding 1.
void ck_winograd_up(const struct ck_map *x, const float *styles, const float *packed, bool bf16,
                    const struct ck_epilogue *epilogue, const float f[4], struct ck_map *y,
                    float *scratch);

// The floats of scratch that either needs.
size_t ck_winograd_scratch(const struct ck_map *x, size_t out_blocks, bool up, bool bf16);

// 3x3 convolution with padding 1 of x times styles. `scaled` is a map like x.
void ck_direct(const struct ck_map *x, const float *styles, const float *packed,
               const struct ck_epilogue *epilogue, struct ck_map *scaled, struct ck_map *y);

// The transposed one with stride 2, of size 2h + 1, then the blur with taps f on each axis, padding 1.
// `packed` holds the taps of the four phases one after the other; `wide` is the map between.
void ck_direct_up(const struct ck_map *x, const float *styles, const float *const packed[4],
                  const struct ck_epilogue *epilogue, const float f[4], struct ck_map *scaled,
                  struct ck_map *wide, struct ck_map *y);

// image [samples][3][height][width] = clamp(x * weights + bias) + below; weights [samples][blocks * 16][16],
// below may be null.
struct ck_rgb {
    const float *weights, *bias, *below;
    float clamp;
    float *image;
};
void ck_rgb(const struct ck_map *x, const struct ck_rgb *to);

// ck_winograd followed by ck_rgb, without the features between in memory, if the weights are few enough.
bool ck_can_draw(const struct ck_map *x, size_t out_blocks, bool bf16);
size_t ck_drawing_scratch(const struct ck_map *x, size_t out_blocks, bool bf16);
void ck_winograd_rgb(const struct ck_map *x, const float *styles, const float *packed, bool bf16,
                     const struct ck_epilogue *epilogue, size_t out_blocks, const struct ck_rgb *to,
                     float *scratch);
