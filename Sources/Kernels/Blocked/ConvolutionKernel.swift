internal import CKernels
public import Tensors

/// A convolution of an encoder on feature maps, with bias and PReLU in the same pass.
///
/// Sums run in one fixed order: results do not depend on the number of threads or samples, bit by bit. 3x3 kernels
/// run by Winograd's algorithm where maps are large enough: F(4x4, 3x3) with stride 1, with four times fewer
/// products, F(4, 2) on the outer taps with stride 2, with 1.8 times fewer.
/// Source: Lavin and Gray 2015, arXiv 1509.09308.
public final class ConvolutionKernel: Sendable {
    /// How a convolution is computed.
    public enum Algorithm: Sendable {
        /// Sums over all taps.
        case direct
        /// Winograd's; needs a kernel of 3, with stride 1 sizes in fours and slopes up to 1.
        case winograd
    }

    /// How it is computed.
    public let algorithm: Algorithm
    private let outputs: Int
    private let inputs: Int
    private let kernel: Int
    private let stride: Int
    private let inputSize: [Int]
    private let packed: PackedWeights
    private let bias: PackedWeights
    private let slopes: PackedWeights?
    /// Stands for styles and demodulation, which an encoder has not.
    private static let ones = PackedWeights(padding: [Float](repeating: 1, count: 1 << 16))

    /// Packs the weights.
    ///
    /// - Parameters:
    ///   - weight: `[O, I, k, k]`, k 1 or 3; the padding is k / 2.
    ///   - bias: `[O]`; nil for 0.
    ///   - slopes: `[O]`, of the PReLU that follows; nil for none.
    ///   - stride: 1 or 2.
    ///   - inputSize: `[H, W]` of what comes in.
    ///   - algorithm: How to compute; nil to choose by the sizes.
    public init(
        weight: Tensor<Float>,
        bias: Tensor<Float>? = nil,
        slopes: Tensor<Float>? = nil,
        stride: Int = 1,
        inputSize: [Int],
        algorithm: Algorithm? = nil
    ) {
        precondition(
            weight.rank == 4 && [1, 3].contains(weight.shape[2])
                && weight.shape[2] == weight.shape[3]
                && (1...2).contains(stride) && inputSize.count == 2
                && [bias, slopes].allSatisfy { $0.map { $0.count == weight.shape[0] } ?? true }
                && weight.shape[1] <= 8192,
            "a convolution by \(weight.shape) with stride \(stride) of \(inputSize)"
        )
        (outputs, inputs, kernel) = (weight.shape[0], weight.shape[1], weight.shape[2])
        self.stride = stride
        self.inputSize = inputSize
        self.bias = PackedWeights(padding: bias?.scalars ?? [Float](repeating: 0, count: outputs))
        self.slopes = slopes.map { PackedWeights(padding: $0.scalars) }
        let isPossible =
            kernel == 3
            && (stride == 2
                || inputSize.allSatisfy { $0 % 4 == 0 }
                    && (slopes?.scalars.allSatisfy { $0 <= 1 } ?? true))
        // With stride 2 it gains little on small maps, and its weights are four times as many.
        let pays = stride == 2 ? inputSize[0] >= 64 && inputs >= 16 : inputSize[0] >= 16
        self.algorithm =
            isPossible && algorithm.map { $0 == .winograd } ?? pays ? .winograd : .direct
        packed =
            switch (self.algorithm, stride) {
            case (.direct, _): PackedWeights(direct: weight)
            case (.winograd, 1): PackedWeights(winograd: weight, upsamples: false, .float32)
            case (.winograd, _): PackedWeights(winogradDown: weight)
            }
    }

    /// The shape that `n` samples give.
    public func outputShape(_ samples: Int) -> [Int] {
        [samples, outputs] + inputSize.map { ($0 - 1) / stride + 1 }
    }

    /// Runs the convolution.
    ///
    /// - Parameters:
    ///   - x: `[N, I, H, W]`.
    ///   - pool: Memory.
    /// - Returns: `[N, O, ceil(H / stride), ceil(W / stride)]`, in the pool.
    public func callAsFunction(_ x: FeatureMap, pool: FeaturePool) -> FeatureMap {
        precondition(
            x.shape[1...] == [inputs] + inputSize,
            "a convolution of \(inputs) channels of \(inputSize) applied to \(x.shape)"
        )
        let y = pool.map(outputShape(x.shape[0]))
        var (from, to) = (x.map, y.map)
        guard algorithm == .winograd, stride == 1 else {
            var layer = ck_layer(
                kernel: kernel,
                stride: stride,
                packed: packed.start,
                bias: bias.start,
                slopes: slopes.map { UnsafePointer($0.start) }
            )
            if algorithm == .direct {
                ck_convolve(&from, &layer, &to)
            } else {
                let scratch = pool.products.reserve(ck_winograd_down_scratch(&from, &to))
                ck_winograd_down(&from, &layer, &to, scratch)
            }
            return y
        }
        precondition(
            x.shape[0] * max(from.blocks, to.blocks) * FeatureMap.line <= 1 << 16,
            "\(x.shape) in one batch"
        )
        var epilogue = ck_epilogue(
            demod: Self.ones.start,
            noise: nil,
            bias: bias.start,
            slopes: slopes.map { UnsafePointer($0.start) },
            strength: 0,
            slope: 1,
            gain: 1,
            clamp: -1
        )
        let space = ck_winograd_scratch(&from, to.blocks, false, false)
        let scratch = pool.products.reserve(space)
        ck_winograd(&from, Self.ones.start, packed.start, false, &epilogue, &to, scratch)
        return y
    }
}
