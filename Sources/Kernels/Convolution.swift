internal import Synchronization
public import Tensors

/// What a two-dimensional convolution looks like, apart from its weights.
public struct ConvolutionGeometry: Sendable, Hashable {
    /// The number of channels that come out.
    public let outChannels: Int
    /// The number of channels that go in.
    public let inChannels: Int
    /// The kernel's height and width.
    public let kernel: [Int]
    /// The step between outputs, or between inputs if transposed.
    public let stride: Int
    /// Zeros added on every side, or rows and columns cut from every side if transposed.
    public let padding: Int
    /// Whether this is the transposed convolution.
    public let isTransposed: Bool

    var weightShape: [Int] { [outChannels, inChannels] + kernel }

    func outputSize(_ input: Int, _ kernel: Int) -> Int {
        isTransposed
            ? (input - 1) * stride + kernel - 2 * padding
            : (input + 2 * padding - kernel) / stride + 1
    }

    /// Whether an image gives at least one pixel; the size of the output is meaningless otherwise.
    func fits(height: Int, width: Int) -> Bool {
        zip([height, width], kernel).allSatisfy { size, kernel in
            size > 0
                && (isTransposed
                    ? outputSize(size, kernel) > 0 : size + 2 * padding >= kernel)
        }
    }
}

/// A convolution (cross-correlation, as in PyTorch) with constant weights, packed once.
///
/// Shapes: `x [N, I, H, W]`, `weight [O, I, k, k]`, `bias [O]` to `[N, O, H', W']`, float32.
/// A transposed convolution takes its weight as `[O, I, k, k]` too, not flipped.
public final class Convolution: Sendable {
    /// The sizes, stride and padding.
    public let geometry: ConvolutionGeometry
    /// The bias `[O]`, or nil.
    public let bias: Tensor<Float>?
    /// Only ever used under the lock.
    private let state: Mutex<State>

    private struct State {
        /// The weights, `[O, I, k, k]`, until `keeper` has them.
        var weight: Tensor<Float>?
        /// The first plan with the weights in a layout that others can be made of.
        var keeper: ConvolutionPlan?
        var plans = PlanCache()
    }

    /// Prepares a convolution.
    ///
    /// - Parameters:
    ///   - weight: `[O, I, k, k]`.
    ///   - bias: `[O]`, or nil.
    ///   - stride: The step.
    ///   - padding: Zeros on every side.
    ///   - transposed: Whether to run the transposed convolution.
    public init(
        weight: Tensor<Float>,
        bias: Tensor<Float>? = nil,
        stride: Int = 1,
        padding: Int = 0,
        transposed: Bool = false
    ) {
        precondition(weight.rank == 4, "a convolution weight is [O, I, k, k], got \(weight.shape)")
        precondition(weight.count > 0, "a convolution without weights: \(weight.shape)")
        precondition(bias.map { $0.shape == [weight.shape[0]] } ?? true, "bias is [O]")
        precondition(stride > 0 && padding >= 0, "stride \(stride), padding \(padding)")
        state = Mutex(State(weight: weight, keeper: nil))
        self.bias = bias
        geometry = ConvolutionGeometry(
            outChannels: weight.shape[0],
            inChannels: weight.shape[1],
            kernel: Array(weight.shape[2...]),
            stride: stride,
            padding: padding,
            isTransposed: transposed
        )
    }

    /// How many plans, how many different packed copies and whether plain weights are held.
    package var held: (plans: Int, packedWeights: Int, plainWeights: Bool) {
        state.withLock { ($0.plans.count, $0.plans.packedWeightCount, $0.weight != nil) }
    }

    /// The shape that an input of a shape gives.
    public func outputShape(_ input: [Int]) -> [Int] {
        [
            input[0], geometry.outChannels,
            geometry.outputSize(input[2], geometry.kernel[0]),
            geometry.outputSize(input[3], geometry.kernel[1]),
        ]
    }

    /// Runs the convolution.
    ///
    /// - Parameter x: `[N, I, H, W]`.
    /// - Returns: `[N, O, H', W']`.
    public func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> {
        precondition(
            x.rank == 4 && x.shape[1] == geometry.inChannels,
            "convolution of \(geometry.inChannels) channels applied to \(x.shape)"
        )
        let shape = outputShape(x.shape)
        precondition(
            geometry.fits(height: x.shape[2], width: x.shape[3]),
            "a kernel \(geometry.kernel) with padding \(geometry.padding) does not fit \(x.shape)"
        )
        guard x.count > 0 else { return Tensor(repeating: 0, shape: shape) }
        return Tensor(uninitialized: shape) { output in
            guard let out = output.baseAddress else { return }
            x.scalars.withUnsafeBufferPointer { input in
                guard let start = input.baseAddress else { return }
                run(x.shape, shape, start, out)
            }
        }
    }

    private func run(
        _ input: [Int],
        _ output: [Int],
        _ x: UnsafePointer<Float>,
        _ y: UnsafeMutablePointer<Float>
    ) {
        let key = PlanCache.Key(input: input, threadCount: ThreadPool.threadCount)
        state.withLock { state in
            let (weight, keeper) = (state.weight, state.keeper)
            let plan = state.plans.plan(for: key) { others in
                ConvolutionPlan(
                    geometry: geometry,
                    input: input,
                    output: output,
                    weights: weight,
                    bias: bias,
                    sharing: others + [keeper].compactMap { $0 }
                )
            }
            if keeper == nil, plan.canBeRepacked { (state.keeper, state.weight) = (plan, nil) }
            plan.run(x, y)
        }
    }
}
