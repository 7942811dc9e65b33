internal import CKernels
public import Tensors

/// A 3x3 convolution in float64, zero padding 1.
///
/// The latent dynamics need float64 (spec section 5); oneDNN has no such convolution. Sums run in one fixed order:
/// results do not depend on the number of threads or samples, bit by bit.
/// Shapes: `weight [O, I, 3, 3]`, `bias [O]`, `x [N, I, h, w]` to `[N, O, h, w]`.
public struct Convolution3x3Double: Sendable {
    /// The weights, `[O, I, 3, 3]`.
    public let weight: Tensor<Double>
    /// The bias, `[O]`.
    public let bias: Tensor<Double>
    private let packed: PackedDoubles

    /// The largest number of input channels.
    public static let channelLimit = 4096

    /// Packs weights and keeps the bias.
    public init(weight: Tensor<Double>, bias: Tensor<Double>) {
        precondition(
            weight.rank == 4 && weight.shape[2...] == [3, 3]
                && (1...Self.channelLimit).contains(weight.shape[1]),
            "weight \(weight.shape)"
        )
        precondition(bias.shape == [weight.shape[0]], "bias \(bias.shape)")
        self.weight = weight
        self.bias = bias
        packed = PackedDoubles(weight)
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
        return Tensor(uninitialized: [samples, outChannels, h, w]) { output in
            guard let out = output.baseAddress, x.count > 0 else { return }
            withUnsafeTemporaryAllocation(
                byteCount: ck_double_scratch(samples, channels, h, w) * MemoryLayout<Double>.stride,
                alignment: 64
            ) { scratch in
                ck_double_convolve(
                    x.scalars,
                    packed.start,
                    bias.scalars,
                    out,
                    samples,
                    channels,
                    outChannels,
                    h,
                    w,
                    scratch.bindMemory(to: Double.self).baseAddress
                )
            }
        }
    }
}

/// Weights of a float64 convolution in the order in which the kernels read them.
///
/// Unchecked: the memory is written by `init` and only read afterwards.
private final class PackedDoubles: @unchecked Sendable {
    let start: UnsafeMutablePointer<Double>

    init(_ weight: Tensor<Double>) {
        let count = ck_double_packed(weight.shape[0], weight.shape[1])
        start = UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<Double>.stride,
            alignment: 64
        ).bindMemory(to: Double.self, capacity: count)
        ck_double_pack(weight.scalars, weight.shape[0], weight.shape[1], start)
    }

    deinit { start.deallocate() }
}

/// Elementwise float64 functions of the latent dynamics.
public enum DoublePasses {
    /// The hyperbolic tangent, in place.
    public static func tanh(_ x: inout Tensor<Double>) { ck_tanh(&x.scalars, x.count) }

    /// The logistic function, in place.
    public static func sigmoid(_ x: inout Tensor<Double>) { ck_sigmoid(&x.scalars, x.count) }
}
