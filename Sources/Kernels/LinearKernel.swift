internal import CKernels
public import Tensors

/// The product with a constant matrix, with what follows it in the same pass: bias, activation, and a sum.
///
/// The weights are held once, in the order in which they are read. Sums run in one fixed order: results do not
/// depend on the number of threads or rows, bit by bit.
public final class LinearKernel: Sendable {
    /// The number of features that come out.
    public let outFeatures: Int
    /// The number of features that go in.
    public let inFeatures: Int
    private let packed: PackedWeights

    /// Packs `weight [O, I]`.
    public init(weight: Tensor<Float>) {
        precondition(weight.rank == 2, "a linear weight is [O, I], got \(weight.shape)")
        (outFeatures, inFeatures) = (weight.shape[0], weight.shape[1])
        packed = PackedWeights(product: weight)
    }

    /// The weights in the plain layout, `[O, I]`.
    public var weight: Tensor<Float> {
        Tensor(uninitialized: [outFeatures, inFeatures]) { out in
            guard let start = out.baseAddress else { return }
            ck_gemm_unpack(packed.start, outFeatures, inFeatures, start)
        }
    }

    /// Computes `activation(x W^T + bias) + addend`.
    ///
    /// - Parameters:
    ///   - x: `[..., I]`.
    ///   - bias: `[O]`; nil for 0.
    ///   - activation: What follows the bias.
    ///   - addend: `[..., O]`; nil for 0.
    /// - Returns: `[..., O]`.
    public func callAsFunction(
        _ x: Tensor<Float>,
        bias: Tensor<Float>? = nil,
        activation: Passes.Activation = .identity,
        adding addend: Tensor<Float>? = nil
    ) -> Tensor<Float> {
        let shape = Array(x.shape.dropLast()) + [outFeatures]
        precondition(
            x.shape.last == inFeatures && bias.map { $0.count == outFeatures } ?? true
                && addend.map { $0.shape == shape } ?? true,
            "linear [\(outFeatures), \(inFeatures)] applied to \(x.shape), "
                + "bias \(String(describing: bias?.shape)), sum with \(String(describing: addend?.shape))"
        )
        return Tensor(uninitialized: shape) { output in
            guard let out = output.baseAddress else { return }
            Passes.withOptional(bias) { bias in
                Passes.withOptional(addend) { addend in
                    var epilogue = ck_gemm_epilogue(
                        alpha: 1,
                        bias: bias,
                        added: addend,
                        activation: activation.code
                    )
                    ck_gemm(
                        x.scalars,
                        shape.dropLast().reduce(1, *),
                        inFeatures,
                        packed.start,
                        outFeatures,
                        inFeatures,
                        &epilogue,
                        out,
                        outFeatures
                    )
                }
            }
        }
    }
}
