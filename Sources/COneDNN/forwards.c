// The functions of oneDNN that we call, from a library that is opened by the first call: library_loading.h.
#include "shim.h"

#include <library_loading.h>

static struct vs_library dnnl = VS_LIBRARY("dnnl", DNNL_VERSION_MAJOR);

#define DNNL(...) VS_FORWARD(dnnl, __VA_ARGS__)

DNNL(dnnl_status_t, dnnl_convolution_backward_data_desc_init, (dnnl_convolution_desc_t *conv_desc,
    dnnl_alg_kind_t alg_kind, const dnnl_memory_desc_t *diff_src_desc, const dnnl_memory_desc_t *weights_desc,
    const dnnl_memory_desc_t *diff_dst_desc, const dnnl_dims_t strides, const dnnl_dims_t padding_l, const
    dnnl_dims_t padding_r), (conv_desc, alg_kind, diff_src_desc, weights_desc, diff_dst_desc, strides,
    padding_l, padding_r))
DNNL(dnnl_status_t, dnnl_convolution_backward_weights_desc_init, (dnnl_convolution_desc_t *conv_desc,
    dnnl_alg_kind_t alg_kind, const dnnl_memory_desc_t *src_desc, const dnnl_memory_desc_t *diff_weights_desc,
    const dnnl_memory_desc_t *diff_bias_desc, const dnnl_memory_desc_t *diff_dst_desc, const dnnl_dims_t
    strides, const dnnl_dims_t padding_l, const dnnl_dims_t padding_r), (conv_desc, alg_kind, src_desc,
    diff_weights_desc, diff_bias_desc, diff_dst_desc, strides, padding_l, padding_r))
DNNL(dnnl_status_t, dnnl_convolution_forward_desc_init, (dnnl_convolution_desc_t *conv_desc, dnnl_prop_kind_t
    prop_kind, dnnl_alg_kind_t alg_kind, const dnnl_memory_desc_t *src_desc, const dnnl_memory_desc_t
    *weights_desc, const dnnl_memory_desc_t *bias_desc, const dnnl_memory_desc_t *dst_desc, const dnnl_dims_t
    strides, const dnnl_dims_t padding_l, const dnnl_dims_t padding_r), (conv_desc, prop_kind, alg_kind,
    src_desc, weights_desc, bias_desc, dst_desc, strides, padding_l, padding_r))
DNNL(dnnl_status_t, dnnl_deconvolution_forward_desc_init, (dnnl_deconvolution_desc_t *deconv_desc,
    dnnl_prop_kind_t prop_kind, dnnl_alg_kind_t alg_kind, const dnnl_memory_desc_t *src_desc, const
    dnnl_memory_desc_t *weights_desc, const dnnl_memory_desc_t *bias_desc, const dnnl_memory_desc_t *dst_desc,
    const dnnl_dims_t strides, const dnnl_dims_t padding_l, const dnnl_dims_t padding_r), (deconv_desc,
    prop_kind, alg_kind, src_desc, weights_desc, bias_desc, dst_desc, strides, padding_l, padding_r))
DNNL(dnnl_status_t, dnnl_engine_create, (dnnl_engine_t *engine, dnnl_engine_kind_t kind, size_t index),
    (engine, kind, index))
DNNL(dnnl_status_t, dnnl_memory_create, (dnnl_memory_t *memory, const dnnl_memory_desc_t *memory_desc,
    dnnl_engine_t engine, void *handle), (memory, memory_desc, engine, handle))
DNNL(int, dnnl_memory_desc_equal, (const dnnl_memory_desc_t *lhs, const dnnl_memory_desc_t *rhs), (lhs, rhs))
DNNL(size_t, dnnl_memory_desc_get_size, (const dnnl_memory_desc_t *memory_desc), (memory_desc))
DNNL(dnnl_status_t, dnnl_memory_desc_init_by_tag, (dnnl_memory_desc_t *memory_desc, int ndims, const
    dnnl_dims_t dims, dnnl_data_type_t data_type, dnnl_format_tag_t tag), (memory_desc, ndims, dims,
    data_type, tag))
DNNL(dnnl_status_t, dnnl_memory_destroy, (dnnl_memory_t memory), (memory))
DNNL(dnnl_status_t, dnnl_memory_get_data_handle, (const_dnnl_memory_t memory, void **handle), (memory,
    handle))
DNNL(dnnl_status_t, dnnl_memory_set_data_handle, (dnnl_memory_t memory, void *handle), (memory, handle))
DNNL(dnnl_status_t, dnnl_primitive_create, (dnnl_primitive_t *primitive, const_dnnl_primitive_desc_t
    primitive_desc), (primitive, primitive_desc))
DNNL(dnnl_status_t, dnnl_primitive_desc_create, (dnnl_primitive_desc_t *primitive_desc, const_dnnl_op_desc_t
    op_desc, const_dnnl_primitive_attr_t attr, dnnl_engine_t engine, const_dnnl_primitive_desc_t
    hint_forward_primitive_desc), (primitive_desc, op_desc, attr, engine, hint_forward_primitive_desc))
DNNL(dnnl_status_t, dnnl_primitive_desc_destroy, (dnnl_primitive_desc_t primitive_desc), (primitive_desc))
DNNL(const dnnl_memory_desc_t *, dnnl_primitive_desc_query_md, (const_dnnl_primitive_desc_t primitive_desc,
    dnnl_query_t what, int index), (primitive_desc, what, index))
DNNL(dnnl_status_t, dnnl_primitive_destroy, (dnnl_primitive_t primitive), (primitive))
DNNL(dnnl_status_t, dnnl_primitive_execute, (const_dnnl_primitive_t primitive, dnnl_stream_t stream, int
    nargs, const dnnl_exec_arg_t *args), (primitive, stream, nargs, args))
DNNL(dnnl_status_t, dnnl_reorder_primitive_desc_create, (dnnl_primitive_desc_t *reorder_primitive_desc, const
    dnnl_memory_desc_t *src_desc, dnnl_engine_t src_engine, const dnnl_memory_desc_t *dst_desc, dnnl_engine_t
    dst_engine, const_dnnl_primitive_attr_t attr), (reorder_primitive_desc, src_desc, src_engine, dst_desc,
    dst_engine, attr))
DNNL(dnnl_status_t, dnnl_sgemm, (char transa, char transb, dnnl_dim_t M, dnnl_dim_t N, dnnl_dim_t K, float
    alpha, const float *A, dnnl_dim_t lda, const float *B, dnnl_dim_t ldb, float beta, float *C, dnnl_dim_t
    ldc), (transa, transb, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc))
DNNL(dnnl_status_t, dnnl_stream_create, (dnnl_stream_t *stream, dnnl_engine_t engine, unsigned flags),
    (stream, engine, flags))
DNNL(dnnl_status_t, dnnl_stream_wait, (dnnl_stream_t stream), (stream))
