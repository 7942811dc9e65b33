internal import Kernels
public import Tensors

/// A linear layer: `y = x W^T + b`.
///
/// Shapes: `weight [O, I]`, `bias [O]`, `x [..., I]` to `[..., O]`, float32.
public struct Linear: Sendable {
    private let kernel: LinearKernel
    /// The bias `[O]`, or nil.
    public let bias: Tensor<Float>?

    /// Packs the weights.
    public init(weight: Tensor<Float>, bias: Tensor<Float>? = nil) {
        precondition(weight.rank == 2, "a linear weight is [O, I], got \(weight.shape)")
        precondition(bias.map { $0.count == weight.shape[0] } ?? true, "bias is [O]")
        kernel = LinearKernel(weight: weight)
        self.bias = bias
    }

    /// Reads `NAME.weight` and, if `hasBias`, `NAME.bias`.
    ///
    /// - Parameters:
    ///   - weights: The network's tensors.
    ///   - name: The layer's name.
    ///   - shape: `[O, I]`; -1 for an extent that follows from the file.
    ///   - hasBias: Whether the layer has one.
    /// - Throws: `WeightError` if a tensor is missing or has another shape.
    public init(_ weights: Weights, _ name: String, _ shape: [Int], hasBias: Bool = true) throws {
        let weight = try weights.float(name + ".weight", shape)
        self.init(
            weight: weight,
            bias: hasBias ? try weights.float(name + ".bias", [weight.shape[0]]) : nil
        )
    }

    /// The weights, `[O, I]`; a copy, for they are held in another layout.
    public var weight: Tensor<Float> { kernel.weight }
    /// The number of features that go in.
    public var inFeatures: Int { kernel.inFeatures }
    /// The number of features that come out.
    public var outFeatures: Int { kernel.outFeatures }

    /// The same layer with all weights and biases multiplied: equalised learning rate at inference.
    public func scaled(weight factor: Float, bias biasFactor: Float = 1) -> Linear {
        Linear(weight: weight.map { $0 * factor }, bias: bias?.map { $0 * biasFactor })
    }

    /// Applies the layer to the last axis.
    public func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> { kernel(x, bias: bias) }

    /// Applies the layer, then an activation.
    public func callAsFunction(
        _ x: Tensor<Float>,
        then activation: TransformerActivation
    ) -> Tensor<Float> {
        kernel(x, bias: bias, activation: activation.pass)
    }

    /// Applies the layer to `x [..., I]` and adds `addend [..., O]`.
    public func callAsFunction(_ x: Tensor<Float>, addingTo addend: Tensor<Float>) -> Tensor<Float>
    {
        kernel(x, bias: bias, adding: addend)
    }
}
