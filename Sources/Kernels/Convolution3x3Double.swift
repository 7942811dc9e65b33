internal import CKernels
public import Tensors

/// A 3x3 convolution in float64, zero padding 1, as patches times a matrix.
///
/// The latent dynamics need float64 (spec section 5); oneDNN has no such convolution.
/// Shapes: `weight [O, I, 3, 3]`, `bias [O]`, `x [N, I, h, w]` to `[N, O, h, w]`.
public struct Convolution3x3Double: Sendable {
    /// The weights, `[O, I, 3, 3]`.
    public let weight: Tensor<Double>
    /// The bias, `[O]`.
    public let bias: Tensor<Double>

    /// Wraps weights and bias.
    public init(weight: Tensor<Double>, bias: Tensor<Double>) {
        precondition(weight.rank == 4 && weight.shape[2...] == [3, 3], "weight \(weight.shape)")
        precondition(bias.shape == [weight.shape[0]], "bias \(bias.shape)")
        self.weight = weight
        self.bias = bias
    }

    /// The number of output channels.
    public var outChannels: Int { weight.shape[0] }

    /// Runs the convolution.
    public func callAsFunction(_ x: Tensor<Double>) -> Tensor<Double> {
        precondition(
            x.rank == 4 && x.shape[1] == weight.shape[1],
            "weight \(weight.shape) applied to \(x.shape)"
        )
        let (samples, channels, h, w) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        let patch = channels * 9
        return Tensor(uninitialized: [samples, outChannels, h, w]) { output in
            guard let out = output.baseAddress else { return }
            withUnsafeTemporaryAllocation(of: Double.self, capacity: patch * h * w) { columns in
                guard let columns = columns.baseAddress else { return }
                x.scalars.withUnsafeBufferPointer { input in
                    guard let input = input.baseAddress else { return }
                    for sample in 0..<samples {
                        let target = out + sample * outChannels * h * w
                        ck_im2col3(input + sample * channels * h * w, columns, channels, h, w)
                        weight.scalars.withUnsafeBufferPointer {
                            guard let weights = $0.baseAddress else { return }
                            MatrixProduct.double(
                                m: outChannels,
                                n: h * w,
                                k: patch,
                                a: weights,
                                b: columns,
                                c: target
                            )
                        }
                        ck_add_bias(target, bias.scalars, outChannels, h * w)
                    }
                }
            }
        }
    }
}

/// Elementwise float64 functions of the latent dynamics.
public enum DoublePasses {
    /// The hyperbolic tangent, in place.
    public static func tanh(_ x: inout Tensor<Double>) { ck_tanh(&x.scalars, x.count) }

    /// The logistic function, in place.
    public static func sigmoid(_ x: inout Tensor<Double>) { ck_sigmoid(&x.scalars, x.count) }
}
