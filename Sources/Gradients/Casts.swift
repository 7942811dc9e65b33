internal import Kernels
internal import Tensors

/// Between float32 and float64.
enum Casts {
    static func widen(_ x: Tensor<Float>) -> Tensor<Double> { x.widened }
    static func narrow(_ x: Tensor<Double>) -> Tensor<Float> { x.narrowed }
}
