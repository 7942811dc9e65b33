// Undoes what micro_kernels.h and its includer define.
#undef V16
#undef MICRO_KERNEL
#undef MICRO_KERNELS
#undef BOTH
#undef NAME
#undef ROWS
#undef VECTORS
