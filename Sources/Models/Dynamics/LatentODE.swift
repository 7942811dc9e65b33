internal import Kernels
public import ODE
public import Tensors

/// The latent ODE `phi` and the 1x1 convolution after it.
///
/// Shapes: `z_d0 [B, C, h, w]` float64 and T times to states `[T, B, C, h, w]` float64; projected to
/// `[N, E, h, w]` float32. Source: spec section 5.
public struct LatentODE: Sendable {
    /// The sizes and tolerances.
    public let config: DynamicsConfig
    private let function: ODEFunction
    /// `[E, C]`.
    private let projection: Tensor<Float>
    /// `[E]`.
    private let projectionBias: Tensor<Float>

    /// Reads the ODE's part of a VidStyleODE checkpoint, seen from its root.
    ///
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: DynamicsConfig, _ weights: Weights) throws {
        try config.validate()
        self.config = config
        function = try ODEFunction(config, weights.scoped(DynamicsNames.field))
        projection = try weights.float(
            DynamicsNames.projection + ".weight",
            [config.projectedChannels, config.stateChannels, 1, 1]
        ).reshaped([config.projectedChannels, config.stateChannels])
        projectionBias = try weights.float(
            DynamicsNames.projection + ".bias",
            [config.projectedChannels]
        )
    }

    /// States at the requested times, with what the solve cost.
    public struct Trajectory: Sendable {
        /// `[T, B, C, h, w]`, float64.
        public let states: Tensor<Double>
        /// Steps and evaluations.
        public let solution: Solution
    }

    /// Solves once for all times; the batch is one system, so its step sizes are shared.
    ///
    /// - Parameters:
    ///   - z0: `[B, C, h, w]`, the state at the first time.
    ///   - times: In units of t, strictly monotonic.
    ///   - controller: Tolerances; those of the configuration if nil.
    /// - Returns: The states and the solver's statistics.
    /// - Throws: `SolveError`.
    public func solve(
        from z0: Tensor<Double>,
        at times: [Double],
        controller: StepController? = nil
    ) throws(SolveError) -> Trajectory {
        let (solver, field) = (solver(controller), field(for: z0))
        let solution = try ThreadPool.crew {
            Result { () throws(SolveError) in try solver.solve(field, from: z0.scalars, at: times) }
        }.get()
        return Trajectory(
            states: Tensor(shape: [times.count] + z0.shape, scalars: solution.states),
            solution: solution
        )
    }

    /// Solves from t = 0 to a time; states are read off when wanted.
    ///
    /// - Parameters:
    ///   - z0: `[C, h, w]`, the state at t = 0.
    ///   - end: In units of t; negative to solve into the past.
    ///   - shouldStop: Is asked before every step; a stopped solve throws.
    /// - Returns: The steps; their states are flat `[C, h, w]`.
    /// - Throws: `SolveError`.
    public func path(
        from z0: Tensor<Double>,
        to end: Double,
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) throws(SolveError) -> SolutionPath {
        let batch = z0.reshaped([1] + z0.shape)
        var solver = solver(nil)
        solver.shouldStop = shouldStop
        let field = field(for: batch)
        return try ThreadPool.crew {
            Result { () throws(SolveError) in
                try solver.path(field, from: z0.scalars, over: (0, end))
            }
        }.get()
    }

    private func solver(_ controller: StepController?) -> Dopri5 {
        Dopri5(controller: controller ?? StepController(rtol: config.rtol, atol: config.atol))
    }

    private func field(for z0: Tensor<Double>) -> LatentField {
        precondition(
            z0.rank == 4 && z0.shape[1...] == config.stateShape[...],
            "z_d0 is [B] + \(config.stateShape), got \(z0.shape)"
        )
        return LatentField(function: function, shape: z0.shape)
    }

    /// Narrows states to float32 and projects them: `[N, C, h, w]` to `[N, E, h, w]`.
    public func project(_ states: Tensor<Double>) -> Tensor<Float> {
        let (outputs, inputs) = (projection.shape[0], projection.shape[1])
        let (samples, pixels) = (states.shape[0], states.shape[2] * states.shape[3])
        precondition(states.shape[1] == inputs, "\(inputs) channels projected from \(states.shape)")
        let x = states.narrowed
        return Tensor(uninitialized: [samples, outputs] + states.shape[2...]) { out in
            guard let start = out.baseAddress else { return }
            for row in 0..<samples * outputs {
                let bias = projectionBias.scalars[row % outputs]
                (start + row * pixels).initialize(repeating: bias, count: pixels)
            }
            x.scalars.withUnsafeBufferPointer { x in
                guard let states = x.baseAddress else { return }
                for sample in 0..<samples {
                    MatrixProduct.float(
                        m: outputs,
                        n: pixels,
                        k: inputs,
                        a: projection.scalars,
                        lda: inputs,
                        b: states + sample * inputs * pixels,
                        ldb: pixels,
                        accumulates: true,
                        c: start + sample * outputs * pixels,
                        ldc: pixels
                    )
                }
            }
        }
    }
}
