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

    /// Packs weights and keeps the bias.
    public init(weight: Tensor<Double>, bias: Tensor<Double>) {
        precondition(weight.rank == 4 && weight.shape[2...] == [3, 3], "weight \(weight.shape)")
        precondition(bias.shape == [weight.shape[0]], "bias \(bias.shape)")
        self.weight = weight
        self.bias = bias
        packed = PackedDoubles(weight, bias)
    }

    /// The number of output channels.
    public var outChannels: Int { weight.shape[0] }

    /// Runs the convolution.
    public func callAsFunction(_ x: Tensor<Double>) -> Tensor<Double> { Self.chain([self], x) }

    /// Runs convolutions one after the other with tanh between them; at least one.
    ///
    /// Shapes: `x [N, I of the first, h, w]` to `[N, O of the last, h, w]`. What lies between two layers is
    /// never laid out as a tensor.
    public static func chain(_ layers: [Self], _ x: Tensor<Double>) -> Tensor<Double> {
        var channels = x.rank == 4 ? x.shape[1] : 0
        for layer in layers {
            precondition(
                channels == layer.weight.shape[1],
                "weight \(layer.weight.shape) applied to \(channels) channels of \(x.shape)"
            )
            channels = layer.outChannels
        }
        let (samples, h, w) = (x.shape[0], x.shape[2], x.shape[3])
        let parts = layers.map {
            ck_double_layer(
                packed: $0.packed.start,
                outputs: $0.outChannels,
                inputs: $0.weight.shape[1]
            )
        }
        return withExtendedLifetime(layers) {
            Tensor(uninitialized: [samples, channels, h, w]) { output in
                guard let out = output.baseAddress, x.count > 0 else { return }
                let doubles = ck_double_scratch(parts, parts.count, samples, h, w)
                withUnsafeTemporaryAllocation(
                    byteCount: doubles * MemoryLayout<Double>.stride,
                    alignment: 64
                ) { scratch in
                    let scratch = scratch.bindMemory(to: Double.self).baseAddress
                    ck_double_convolve(parts, parts.count, x.scalars, out, samples, h, w, scratch)
                }
            }
        }
    }
}

/// Weights and bias of a float64 convolution in the order in which the kernels read them.
///
/// Unchecked: the memory is written by `init` and only read afterwards.
private final class PackedDoubles: @unchecked Sendable {
    let start: UnsafeMutablePointer<Double>

    init(_ weight: Tensor<Double>, _ bias: Tensor<Double>) {
        ck_prepare_process()
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        let count = ck_double_packed(outputs, inputs)
        start = UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<Double>.stride,
            alignment: 64
        ).bindMemory(to: Double.self, capacity: count)
        ck_double_pack(weight.scalars, bias.scalars, outputs, inputs, start)
    }

    deinit { start.deallocate() }
}
