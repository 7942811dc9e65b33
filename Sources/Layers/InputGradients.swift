internal import Foundation
internal import Kernels
public import Tensors

extension Linear {
    /// The gradient of the input from that of the output: `[..., O]` to `[..., I]`.
    public func inputGradient(_ gradient: Tensor<Float>) -> Tensor<Float> {
        precondition(gradient.shape.last == outFeatures, "\(weight.shape) and \(gradient.shape)")
        return Tensor(uninitialized: gradient.shape.dropLast() + [inFeatures]) { out in
            guard let out = out.baseAddress else { return }
            gradient.scalars.withUnsafeBufferPointer { gradient in
                weight.scalars.withUnsafeBufferPointer { weights in
                    guard let a = gradient.baseAddress, let b = weights.baseAddress else { return }
                    MatrixProduct.float(
                        m: gradient.count / outFeatures,
                        n: inFeatures,
                        k: outFeatures,
                        a: a,
                        lda: outFeatures,
                        b: b,
                        ldb: inFeatures,
                        c: out,
                        ldc: inFeatures
                    )
                }
            }
        }
    }
}

extension LayerNorm {
    /// The gradient of the input `x [..., D]` from that of the output, `[..., D]`.
    ///
    /// With `n` the normalised row and `g` the gradient times the weight, it is
    /// `(g - mean(g) - n mean(g n)) / deviation`.
    public func inputGradient(_ gradient: Tensor<Float>, at x: Tensor<Float>) -> Tensor<Float> {
        precondition(gradient.shape == x.shape, "\(gradient.shape) at \(x.shape)")
        let width = weight.count
        return Tensor(uninitialized: x.shape) { out in
            x.scalars.withUnsafeBufferPointer { x in
                gradient.scalars.withUnsafeBufferPointer { gradient in
                    weight.scalars.withUnsafeBufferPointer { weight in
                        for start in stride(from: 0, to: x.count, by: width) {
                            let row = start..<start + width
                            rowGradient(
                                .init(rebasing: x[row]),
                                .init(rebasing: gradient[row]),
                                weight,
                                .init(rebasing: out[row])
                            )
                        }
                    }
                }
            }
        }
    }

    private func rowGradient(
        _ x: UnsafeBufferPointer<Float>,
        _ gradient: UnsafeBufferPointer<Float>,
        _ weight: UnsafeBufferPointer<Float>,
        _ out: UnsafeMutableBufferPointer<Float>
    ) {
        let count = Float(x.count)
        var mean: Float = 0
        for value in x { mean += value }
        mean /= count
        var variance: Float = 0
        for value in x { variance += (value - mean) * (value - mean) }
        let factor = 1 / (variance / count + eps).squareRoot()
        var sum: Float = 0
        var product: Float = 0
        for index in x.indices {
            let g = gradient[index] * weight[index]
            sum += g
            product += g * (x[index] - mean) * factor
        }
        sum /= count
        product /= count
        for index in x.indices {
            let normalised = (x[index] - mean) * factor
            let g = gradient[index] * weight[index]
            out.initializeElement(at: index, to: (g - sum - normalised * product) * factor)
        }
    }
}

/// The activation inside a transformer's MLP.
public enum TransformerActivation: Sendable {
    /// GELU with the error function.
    case gelu
    /// OpenAI CLIP's `x * sigmoid(1.702 x)`.
    case quickGELU

    /// Applies it in place.
    func apply(to x: inout Tensor<Float>) { Passes.apply(pass, to: &x) }

    var pass: Passes.Activation {
        switch self {
        case .gelu: .gelu
        case .quickGELU: .quickGELU
        }
    }

    /// The gradient of the input `x` from that of the output.
    func inputGradient(_ gradient: Tensor<Float>, at x: Tensor<Float>) -> Tensor<Float> {
        Tensor(uninitialized: x.shape) { out in
            x.scalars.withUnsafeBufferPointer { x in
                gradient.scalars.withUnsafeBufferPointer { gradient in
                    for index in x.indices {
                        let slope = derivative(x[index])
                        out.initializeElement(at: index, to: gradient[index] * slope)
                    }
                }
            }
        }
    }

    private func derivative(_ x: Float) -> Float {
        switch self {
        case .gelu:
            let density = exp(-x * x / 2) / (2 * Float.pi).squareRoot()
            return (1 + erf(x / Float(2).squareRoot())) / 2 + x * density
        case .quickGELU:
            let sigmoid = 1 / (1 + exp(-1.702 * x))
            return sigmoid * (1 + 1.702 * x * (1 - sigmoid))
        }
    }
}
