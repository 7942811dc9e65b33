internal import Kernels
public import Tensors

/// Layer normalisation over the last axis, biased variance.
///
/// Shapes: `weight [D]`, `bias [D]`, `x [..., D]` to `[..., D]`, float32.
public struct LayerNorm: Sendable {
    /// The scale, `[D]`.
    public let weight: Tensor<Float>
    /// The shift, `[D]`.
    public let bias: Tensor<Float>
    /// Added to the variance inside the root.
    public let eps: Float

    /// Wraps a scale and a shift, `[D]` each.
    public init(weight: Tensor<Float>, bias: Tensor<Float>, eps: Float) {
        precondition(weight.shape == bias.shape, "\(weight.shape) and \(bias.shape)")
        self.weight = weight
        self.bias = bias
        self.eps = eps
    }

    /// Reads `NAME.weight` and `NAME.bias`.
    ///
    /// - Throws: `WeightError` if a tensor is missing or has another shape.
    public init(_ weights: Weights, _ name: String, width: Int = -1, eps: Float = 1e-5) throws {
        weight = try weights.float(name + ".weight", [width])
        bias = try weights.float(name + ".bias", weight.shape)
        self.eps = eps
    }

    /// Normalises the last axis.
    public func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> {
        precondition(x.shape.last == weight.count, "layer norm \(weight.shape) on \(x.shape)")
        return Passes.layerNorm(x, width: weight.count, weight: weight, bias: bias, eps: eps)
    }
}
