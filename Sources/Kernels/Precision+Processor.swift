internal import CKernels
public import Tensors

extension Precision {
    /// Whether kernels multiply in it here: bfloat16 needs AVX512-BF16, and `ONEDNN_MAX_CPU_ISA` not to keep it
    /// off.
    public var isNative: Bool {
        switch self {
        case .float32: true
        case .bfloat16: ck_has_bf16()
        }
    }
}
