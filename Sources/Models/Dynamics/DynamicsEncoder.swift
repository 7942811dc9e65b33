internal import Kernels
internal import Layers
public import Tensors

/// The dynamics encoder `f_D`: frames and their times to the initial state of the latent ODE.
///
/// A frame encoder, then a ConvGRU that walks the observations from last to first with one Euler step of
/// an ODE between them; its last state gives `z_d0` (the mean; the deviation is not used).
/// Shapes: frames `[T, 3, H, W]` in 0...1, times `[T]` in units of t, to `z_d0 [C, h, w]`, float64.
/// Source: spec section 5; Park et al. 2021 (Vid-ODE).
public struct DynamicsEncoder: Sendable {
    /// The sizes.
    public let config: DynamicsConfig
    package let frameEncoder: FrameEncoder
    private let field: ODEFunction
    private let cell: ConvGRUCell
    private let transform: Transform

    /// Two 1x1 convolutions with a ReLU between, to mean and deviation.
    private struct Transform: Sendable {
        let first: (weight: Tensor<Double>, bias: Tensor<Double>)
        let second: (weight: Tensor<Double>, bias: Tensor<Double>)

        func callAsFunction(_ x: Tensor<Double>) -> Tensor<Double> {
            let hidden = pointwise(x, first.weight, first.bias).map { max($0, 0) }
            return pointwise(hidden, second.weight, second.bias)
        }

        private func pointwise(
            _ x: Tensor<Double>,
            _ weight: Tensor<Double>,
            _ bias: Tensor<Double>
        ) -> Tensor<Double> {
            let cells = x.shape[1] * x.shape[2]
            let (outputs, inputs) = (weight.shape[0], weight.shape[1])
            return Tensor(uninitialized: [outputs, x.shape[1], x.shape[2]]) { out in
                guard let out = out.baseAddress else { return }
                weight.scalars.withUnsafeBufferPointer { weight in
                    x.scalars.withUnsafeBufferPointer { x in
                        guard let a = weight.baseAddress, let b = x.baseAddress else { return }
                        MatrixProduct.double(m: outputs, n: cells, k: inputs, a: a, b: b, c: out)
                    }
                }
                for index in 0..<outputs * cells { out[index] += bias.scalars[index / cells] }
            }
        }
    }

    /// Reads the encoder's part of a VidStyleODE checkpoint, seen from its root.
    ///
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: DynamicsConfig, _ weights: Weights) throws {
        try config.validate()
        self.config = config
        frameEncoder = try FrameEncoder(config, weights)
        let recurrent = weights.scoped(DynamicsNames.recurrent)
        let own = weights.scoped(DynamicsNames.encoderField)
        field = try ODEFunction(
            config,
            own.has("0.weight") ? own : weights.scoped(DynamicsNames.sharedEncoderField)
        )
        let (state, input) = (config.stateChannels, config.codeChannels)
        func convolution(_ name: String, _ output: Int) throws -> Convolution3x3Double {
            Convolution3x3Double(
                weight: try recurrent.double(name + ".weight", [output, input + state, 3, 3]),
                bias: try recurrent.double(name + ".bias", [output])
            )
        }
        cell = ConvGRUCell(
            gates: try convolution("cell_list.0.conv_gates", 2 * state),
            candidate: try convolution("cell_list.0.conv_can", state)
        )
        func pair(_ name: String, _ output: Int) throws -> (Tensor<Double>, Tensor<Double>) {
            (
                try recurrent.double(name + ".weight", [output, state, 1, 1])
                    .reshaped([output, state]),
                try recurrent.double(name + ".bias", [output])
            )
        }
        transform = Transform(
            first: try pair("transform_z0.0", state),
            second: try pair("transform_z0.2", 2 * state)
        )
    }

    /// Encodes a clip.
    ///
    /// - Parameters:
    ///   - frames: `[T, 3, H, W]`, 0...1; any size, resized here.
    ///   - times: `[T]` in units of t, increasing; only differences matter.
    ///   - mask: `[T]`; a frame with 0 is ignored, but time still passes. Nil for all ones.
    /// - Returns: `z_d0 [C, h, w]`.
    public func encode(
        _ frames: Tensor<Float>,
        times: [Float],
        mask: [Double]? = nil
    ) -> Tensor<Double> {
        let resized = resize(frames)
        let trace = aggregate(frameEncoder(resized), times: times, mask: mask)
        return trace.z0
    }

    /// Resizes frames as the encoder was trained: plain bicubic.
    public func resize(_ frames: Tensor<Float>) -> Tensor<Float> {
        guard frames.shape[2] != config.imageHeight || frames.shape[3] != config.imageWidth else {
            return frames
        }
        return resizeBicubicPlain(frames, height: config.imageHeight, width: config.imageWidth)
    }

    /// The states that the goldens record, in processing order (last frame first).
    package struct Trace: Sendable {
        package let afterEuler: [Tensor<Double>]
        package let states: [Tensor<Double>]
        /// Mean and deviation, `[2C, h, w]`.
        package let transformed: Tensor<Double>
        package let z0: Tensor<Double>
    }

    /// Walks the frame codes `[T, K, h, w]` from last to first.
    package func aggregate(
        _ codes: Tensor<Float>,
        times: [Float],
        mask: [Double]?
    ) -> Trace {
        ThreadPool.crew { walk(codes, times: times, mask: mask) }
    }

    private func walk(_ codes: Tensor<Float>, times: [Float], mask: [Double]?) -> Trace {
        let count = codes.shape[0]
        precondition(times.count == count && mask.map { $0.count == count } ?? true, "T differs")
        let shape = [1] + config.stateShape
        var state = Tensor<Double>(repeating: 0, shape: shape)
        var previous = times[count - 1] + Float(config.firstStepOffset)
        var afterEuler: [Tensor<Double>] = []
        var states: [Tensor<Double>] = []
        for index in (0..<count).reversed() {
            // The difference is taken in float32, as in the reference.
            let dt = Double(times[index] - previous)
            let slope = field(state)
            let moved = Tensor(
                shape: shape,
                scalars: zip(state.scalars, slope.scalars).map { $0 + $1 * dt }
            )
            let next = cell(codes[index..<index + 1].widened, state: moved)
            let weight = mask?[index] ?? 1
            state = Tensor(
                shape: shape,
                scalars: zip(next.scalars, moved.scalars).map { weight * $0 + (1 - weight) * $1 }
            )
            previous = times[index]
            afterEuler.append(moved[0])
            states.append(state[0])
        }
        let transformed = transform(state[0])
        return Trace(
            afterEuler: afterEuler,
            states: states,
            transformed: transformed,
            z0: transformed[0..<config.stateChannels]
        )
    }
}
