public import Gradients
public import Kernels
public import Models
public import ODE
internal import Tensors

/// The dynamics encoder `f_D`, the latent ODE and its projection with gradients, over batches of clips.
///
/// Rows of frames, codes and states are time by time: row `t * B + b` is time t of clip b. Shapes: frames
/// `[T * B, M, N, 3]` in 0...1 to `z_d0 [B, h, w, C]`, float64, to states `[Q * B, h, w, C]` at Q times of each clip, to
/// tokens `[Q * B, h * w, E]`, float32. Frames are encoded in float32; the recurrence and the ODE are float64, as in the
/// reference. Names are the reference checkpoint's. Source: spec section 5.
public final class TrainableDynamics {
    /// The sizes and tolerances.
    public let config: DynamicsConfig
    /// How the gradient of the solve is found.
    public var solveGradient = SolveGradient.solver
    /// The solver's tolerances; those of the configuration at first.
    public var controller: StepController
    /// The encoder of single frames.
    public let frameEncoder: TrainableFrameEncoder
    /// The right-hand side of the latent ODE, which counts its evaluations.
    public let field: Gradients.LatentField
    private let encoderField: [Variable<Double>]
    private let gates: (weight: Variable<Double>, bias: Variable<Double>)
    private let candidate: (weight: Variable<Double>, bias: Variable<Double>)
    private let transform: [(weight: Variable<Double>, bias: Variable<Double>)]
    private let projection: (weight: Variable<Float>, bias: Variable<Float>)

    /// Reads or starts the parameters, from the root of a VidStyleODE checkpoint.
    ///
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: DynamicsConfig, _ parameters: Parameters) throws {
        try config.validate()
        self.config = config
        controller = StepController(rtol: config.rtol, atol: config.atol)
        frameEncoder = try TrainableFrameEncoder(config, parameters)
        func layer(_ name: String, _ shape: [Int]) throws
            -> (weight: Variable<Double>, bias: Variable<Double>)
        {
            let start = Initial.uniform(inputs: shape[1] * shape[2] * shape[3])
            return (
                try parameters.double(name + ".weight", shape, start),
                try parameters.double(name + ".bias", [shape[0]], start)
            )
        }
        func field(_ prefix: String) throws -> [Variable<Double>] {
            let count = config.odeHiddenLayers + 2
            return try (0..<count).flatMap { index in
                let input = index == 0 ? config.stateChannels : config.odeChannels
                let output = index == count - 1 ? config.stateChannels : config.odeChannels
                let layer = try layer(prefix + "\(2 * index)", [output, input, 3, 3])
                return [layer.weight, layer.bias]
            }
        }
        let isShared =
            !parameters.has(DynamicsNames.encoderField + "0.weight")
            && parameters.has(DynamicsNames.sharedEncoderField + "0.weight")
        encoderField = try field(
            isShared ? DynamicsNames.sharedEncoderField : DynamicsNames.encoderField
        )
        self.field = Gradients.LatentField(
            parameters: try field(DynamicsNames.field),
            slope: Self.slope
        )
        let (state, input) = (config.stateChannels, config.codeChannels + config.stateChannels)
        let cell = DynamicsNames.recurrent
        gates = try layer(cell + "cell_list.0.conv_gates", [2 * state, input, 3, 3])
        candidate = try layer(cell + "cell_list.0.conv_can", [state, input, 3, 3])
        transform = [
            try layer(cell + "transform_z0.0", [state, state, 1, 1]),
            try layer(cell + "transform_z0.2", [2 * state, state, 1, 1]),
        ]
        projection = (
            try parameters.float(
                DynamicsNames.projection + ".weight",
                [config.projectedChannels, state, 1, 1],
                .uniform(inputs: state)
            ),
            try parameters.float(
                DynamicsNames.projection + ".bias",
                [config.projectedChannels],
                .uniform(inputs: state)
            )
        )
    }

    /// The network behind both ODEs: 3x3 convolutions with tanh between them.
    private static func slope(_ z: Variable<Double>, _ layers: [Variable<Double>])
        -> Variable<Double>
    {
        var x = z
        for index in stride(from: 0, to: layers.count, by: 2) {
            if index > 0 { x = x.tanh }
            x = x.convolved(layers[index], padding: [1, 1, 1, 1]).addingRows(layers[index + 1])
        }
        return x
    }

    /// Encodes a batch of clips.
    ///
    /// - Parameters:
    ///   - frames: `[T * B, M, N, 3]` of the configured size, 0...1.
    ///   - times: `[B][T]`, rising, in units of t, the first observation of each clip at 0.
    ///   - mask: `[B][T]`, 0 for frames that are not looked at; all are if nil.
    /// - Returns: `z_d0 [B, h, w, C]`.
    public func encode(
        _ frames: Variable<Float>,
        times: [[Float]],
        mask: [[Double]]? = nil
    ) -> Variable<Double> {
        aggregate(frameEncoder(frames), times: times, mask: mask)
    }

    /// Walks the frame codes `[T * B, h, w, K]` from last to first.
    package func aggregate(
        _ codes: Variable<Float>,
        times: [[Float]],
        mask: [[Double]]?
    ) -> Variable<Double> {
        let (clips, count) = (times.count, times[0].count)
        precondition(
            codes.shape[0] == clips * count && times.allSatisfy { $0.count == count },
            "codes \(codes.shape) for \(clips) clips of \(count) frames"
        )
        let (state, input) = (config.stateChannels, config.codeChannels)
        // What the gates and the candidate see of the frames does not depend on the state: one product for all times.
        let ofFrames = codes.widened.convolved(
            .concatenated([
                inputs(0..<input, of: gates.weight), inputs(0..<input, of: candidate.weight),
            ]),
            padding: [1, 1, 1, 1]
        ).addingRows(.joinColumns([gates.bias, candidate.bias]))
        let gatesOfState = inputs(input..<input + state, of: gates.weight)
        let candidateOfState = inputs(input..<input + state, of: candidate.weight)
        var hidden = Variable(
            Tensor<Double>(repeating: 0, shape: [clips] + codes.shape[1...2] + [state])
        )
        var previous = times.map { $0[count - 1] + Float(config.firstStepOffset) }
        for index in (0..<count).reversed() {
            // The difference is taken in float32, as in the reference.
            let steps = zip(times, previous).map { Double($0[index] - $1) }
            hidden = hidden + Self.slope(hidden, encoderField).multiplyingRows(perClip(steps))
            let seen = ofFrames.entries(index * clips..<(index + 1) * clips)
            let gate =
                (seen.columns(0..<2 * state)
                + hidden.convolved(gatesOfState, padding: [1, 1, 1, 1])).sigmoid
            let reset = gate.columns(0..<state)
            var update = gate.columns(state..<2 * state)
            let offered =
                (seen.columns(2 * state..<3 * state)
                + (reset * hidden).convolved(candidateOfState, padding: [1, 1, 1, 1])).tanh
            if let mask { update = update.multiplyingRows(perClip(mask.map { $0[index] })) }
            // (1 - m) h + m ((1 - u) h + u n) = h + m u (n - h).
            hidden = hidden + update * (offered - hidden)
            previous = times.map { $0[index] }
        }
        let inner = pointwise(hidden, transform[0]).leakyReLU(slope: 0)
        return pointwise(inner, transform[1]).columns(0..<state)
    }

    /// Some of the input channels of a weight `[O, I, 3, 3]`.
    private func inputs(_ range: Range<Int>, of weight: Variable<Double>) -> Variable<Double> {
        weight.mapped(AxisMap(inputs: weight.shape[1], picking: range.map { $0 }), axis: 1)
    }

    /// One number for each clip, as a row that all of its cells share: `[B, C]`.
    private func perClip(_ numbers: [Double]) -> Variable<Double> {
        let width = config.stateChannels
        return Variable(
            Tensor(
                shape: [numbers.count, width],
                scalars: numbers.flatMap { [Double](repeating: $0, count: width) }
            )
        )
    }

    private func pointwise(
        _ x: Variable<Double>,
        _ layer: (weight: Variable<Double>, bias: Variable<Double>)
    ) -> Variable<Double> {
        x.linear(
            layer.weight.reshaped([layer.weight.shape[0], layer.weight.shape[1]]),
            bias: layer.bias
        )
    }

    /// Solves the latent ODE for times of every clip.
    ///
    /// The batch is one system whose step sizes are shared; clips with times of their own are solved at the times of all
    /// of them, and each keeps its own. Steps are never shortened for a time, so that more times cost little; the adjoint
    /// alone starts anew at each of them.
    ///
    /// - Parameters:
    ///   - z0: `[B, h, w, C]`, the state at time 0.
    ///   - times: `[B][Q]`, in units of t, not negative.
    /// - Returns: `[Q * B, h, w, C]`.
    /// - Throws: `SolveError`.
    public func solve(from z0: Variable<Double>, at times: [[Double]]) throws -> Variable<Double> {
        let (clips, count) = (times.count, times[0].count)
        precondition(
            z0.shape[0] == clips && times.allSatisfy { $0.count == count },
            "states \(z0.shape) for the times of \(clips) clips"
        )
        let all = Set(times.joined()).union([0]).sorted()
        let positions = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
        let states =
            all.count == 1
            ? z0
            : try field.solve(from: z0, at: all, controller: controller, gradient: solveGradient)
                .reshaped([all.count * clips] + z0.shape.dropFirst())
        return states.picking(
            (0..<count).flatMap { query in
                times.indices.map { clip in (positions[times[clip][query]] ?? 0) * clips + clip }
            }
        )
    }

    /// Narrows states to float32 and projects them to tokens: `[N, h, w, C]` to `[N, h * w, E]`.
    public func project(_ states: Variable<Double>) -> Variable<Float> {
        let cells = states.shape[1] * states.shape[2]
        return states.narrowed.reshaped([states.shape[0], cells, states.shape[3]]).linear(
            projection.weight.reshaped([config.projectedChannels, config.stateChannels]),
            bias: projection.bias
        )
    }
}
