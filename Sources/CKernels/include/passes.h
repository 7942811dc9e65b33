// Passes over float32 and float64 arrays, vectorised by the compiler for the processor at hand.
// Every pass has a slow reference in Swift beside its caller, and a test against it.
#pragma once
#include <stdbool.h>
#include <stddef.h>

// One thread pool for the process: libgomp's, which oneDNN uses too.
// Makes waiting threads sleep soon instead of spinning, and freed tensors stay mapped for the next ones.
// Called before the first network; further calls do nothing.
void ck_prepare_process(void);
// The same, then: threads spin again while they wait, and freed memory is never given back. For work of hours with a
// machine of its own, which starts thousands of small passes a second and frees and takes gigabytes. Not beside networks
// that run.
void ck_prepare_long_work(void);
void ck_set_threads(int count);
int ck_threads(void);
// Calls body(context, begin, end) over disjoint parts of 0..<count, on all threads of the pool.
void ck_parallel(size_t count, size_t grain, void (*body)(void *, size_t, size_t), void *context);
// Calls body(context) on the calling thread; the pool's other threads stay awake for what it gives to
// ck_parallel, each piece of which then starts within a microsecond.
void ck_crew(void (*body)(void *), void *context);

// x[n,c,:] = act(x[n,c,:] * demod[n,c] + noise[:] * strength + bias[c]) in place.
// act is a leaky ReLU of the given slope, times gain, then clamped to -clamp...clamp if clamp >= 0.
// demod, noise and bias may be null.
void ck_styled_epilogue(float *x, size_t samples, size_t channels, size_t pixels, const float *demod,
                        const float *noise, float strength, const float *bias, float slope,
                        float gain, float clamp);

// Zero insertion by 2, padding (2, 1), then the 4-tap FIR on both axes: [h, w] to [2h, 2w].
void ck_up2_fir4(const float *x, float *y, size_t planes, size_t h, size_t w, const float f[4]);

// y = leaky ReLU(x) * gain; NaN stays NaN.
void ck_leaky_relu(const float *x, float *y, size_t count, float slope, float gain);

// float64, in place.
void ck_sigmoid(double *x, size_t count);
