internal import Kernels
public import Tensors

/// A linear layer: `y = x W^T + b`.
///
/// Shapes: `weight [O, I]`, `bias [O]`, `x [..., I]` to `[..., O]`, float32.
public struct Linear: Sendable {
    /// The weights, `[O, I]`.
    public let weight: Tensor<Float>
    /// The bias `[O]`, or nil.
    public let bias: Tensor<Float>?

    /// Wraps weights.
    public init(weight: Tensor<Float>, bias: Tensor<Float>? = nil) {
        precondition(weight.rank == 2, "a linear weight is [O, I], got \(weight.shape)")
        precondition(bias.map { $0.count == weight.shape[0] } ?? true, "bias is [O]")
        self.weight = weight
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

    /// The number of features that go in.
    public var inFeatures: Int { weight.shape[1] }
    /// The number of features that come out.
    public var outFeatures: Int { weight.shape[0] }

    /// The same layer with all weights and biases multiplied: equalised learning rate at inference.
    public func scaled(weight factor: Float, bias biasFactor: Float = 1) -> Linear {
        Linear(weight: weight.map { $0 * factor }, bias: bias?.map { $0 * biasFactor })
    }

    /// Applies the layer to the last axis.
    public func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> {
        precondition(x.shape.last == inFeatures, "linear \(weight.shape) applied to \(x.shape)")
        let rows = x.shape.dropLast().reduce(1, *)
        return Tensor(uninitialized: x.shape.dropLast() + [outFeatures]) { output in
            guard let out = output.baseAddress else { return }
            bias?.scalars.withUnsafeBufferPointer { bias in
                guard let bias = bias.baseAddress else { return }
                for row in 0..<rows {
                    (out + row * outFeatures).initialize(from: bias, count: outFeatures)
                }
            }
            x.scalars.withUnsafeBufferPointer { input in
                weight.scalars.withUnsafeBufferPointer { weights in
                    guard let a = input.baseAddress, let b = weights.baseAddress else { return }
                    MatrixProduct.float(
                        m: rows,
                        n: outFeatures,
                        k: inFeatures,
                        a: a,
                        lda: inFeatures,
                        b: b,
                        ldb: inFeatures,
                        transposesB: true,
                        accumulates: bias != nil,
                        c: out,
                        ldc: outFeatures
                    )
                }
            }
        }
    }
}
