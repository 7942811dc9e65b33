public import Kernels
public import ODE
internal import Tensors

/// How the gradient of a solve is found.
public enum SolveGradient: String, Sendable, Codable, CaseIterable {
    /// Back through every step of the solver, each computed once more on the way: exact for the steps that were taken.
    ///
    /// The lengths of the steps are taken as given, as in the reference but for its first step.
    case solver
    /// The adjoint equation, solved backwards from output to output: Chen et al. 2018, algorithm 1. Memory does not
    /// grow with the number of steps; off by the tolerance of the solve.
    case adjoint
}

/// A learned right-hand side `dz/dt = f(z)`, and what it cost.
///
/// Shapes: states `[B, h, w, C]`, float64; the batch is one system, so its step sizes are shared.
public final class LatentField {
    /// Computes f of a state and the parameters, in the order of `parameters`.
    public typealias Slope = (Variable<Double>, [Variable<Double>]) -> Variable<Double>

    /// What f is made of.
    public let parameters: [Variable<Double>]
    /// Evaluations of f on the way forward.
    public private(set) var forwardEvaluations = 0
    /// Evaluations of f with its gradient.
    public private(set) var backwardEvaluations = 0
    private let slope: Slope

    /// Collects f and its parameters.
    public init(parameters: [Variable<Double>], slope: @escaping Slope) {
        self.parameters = parameters
        self.slope = slope
    }

    /// f of a state without a gradient.
    func value(_ z: Tensor<Double>) -> Tensor<Double> {
        forwardEvaluations += 1
        return slope(Variable(z), parameters.map(\.detached)).value
    }

    /// f of a state, with a graph behind it.
    func callAsFunction(_ z: Variable<Double>, _ parameters: [Variable<Double>])
        -> Variable<Double>
    {
        backwardEvaluations += 1
        return slope(z, parameters)
    }

    /// Copies of the parameters that collect their own gradients.
    func leaves() -> [Variable<Double>] {
        parameters.map { Variable($0.value, needsGradient: $0.needsGradient) }
    }

    /// Hands what copies collected to the parameters.
    func accumulate(from leaves: [Variable<Double>]) {
        for (parameter, leaf) in zip(parameters, leaves) {
            if let gradient = leaf.gradient { parameter.accumulate(gradient) }
        }
    }

    /// Solves for all times in one pass: `z0 [B, h, w, C]` to `[T, B, h, w, C]`.
    ///
    /// - Parameters:
    ///   - z0: The state at the first time.
    ///   - times: Strictly increasing, in units of t.
    ///   - controller: Tolerances.
    ///   - method: How the gradient is found.
    /// - Returns: `[T, B, h, w, C]`; the first state is `z0` itself.
    /// - Throws: `SolveError`.
    public func solve(
        from z0: Variable<Double>,
        at times: [Double],
        controller: StepController = StepController(),
        gradient method: SolveGradient = .solver
    ) throws(SolveError) -> Variable<Double> {
        let field = PlainField(shape: z0.shape, field: self)
        let solution = try Dopri5(controller: controller)
            .solve(field, from: z0.value.scalars, at: times)
        let states = Tensor(shape: [times.count] + z0.shape, scalars: solution.states)
        return Variable(states, from: [z0] + parameters) { gradient in
            switch method {
            case .solver:
                z0.accumulate(self.backThroughSolver(solution.path, times, z0, gradient))
            case .adjoint:
                z0.accumulate(
                    self.backByAdjoint(states, times, controller, z0.shape, gradient)
                )
            }
        }
    }

    private struct PlainField: VectorField {
        let shape: [Int]
        let field: LatentField
        func slope(at t: Double, _ y: [Double]) -> [Double] {
            field.value(Tensor(shape: shape, scalars: y)).scalars
        }
    }

    // MARK: - Through the solver

    /// The gradient of z0, one step at a time from the last to the first; parameters collect theirs.
    private func backThroughSolver(
        _ path: SolutionPath,
        _ times: [Double],
        _ z0: Variable<Double>,
        _ gradient: Tensor<Double>
    ) -> Tensor<Double> {
        let shape = z0.shape
        var state = Tensor<Double>(repeating: 0, shape: shape)  // of the state between two steps
        var slope = Tensor<Double>(repeating: 0, shape: shape)  // of the slope there
        let pieceOfEach = times.map { path.piece(at: $0) }
        for (index, piece) in path.pieces.enumerated().reversed() {
            let leaves = leaves()
            let y0 = Variable(Tensor(shape: shape, scalars: piece.startState), needsGradient: true)
            let f0 = Variable(Tensor(shape: shape, scalars: piece.startSlope), needsGradient: true)
            let step = stages(y0, f0, leaves, dt: piece.end - piece.start)
            var seeds = [(value: step.y1, gradient: state), (value: step.f1, gradient: slope)]
            for (time, owner) in zip(times.indices, pieceOfEach) where owner == index {
                let position = (times[time] - piece.start) / (piece.end - piece.start)
                let output = quartic(
                    y0,
                    f0,
                    step,
                    dt: piece.end - piece.start,
                    at: position
                )
                seeds.append((value: output, gradient: gradient[time]))
            }
            Variable.backward(seeds)
            accumulate(from: leaves)
            state = y0.gradient ?? state
            slope = f0.gradient ?? slope
        }
        // The first slope is f of z0.
        let leaves = leaves()
        let start = Variable(z0.value, needsGradient: true)
        self(start, leaves).backward(slope)
        accumulate(from: leaves)
        if let more = start.gradient { state.add(more) }
        for (time, owner) in zip(times.indices, pieceOfEach) where owner == nil {
            state.add(gradient[time])
        }
        return state
    }

    private struct Stages {
        let y1: Variable<Double>
        let f1: Variable<Double>
        let middle: Variable<Double>
    }

    /// The seven stages of one step, with a graph behind them.
    private func stages(
        _ y0: Variable<Double>,
        _ f0: Variable<Double>,
        _ leaves: [Variable<Double>],
        dt: Double
    ) -> Stages {
        var slopes = [f0]
        var y1 = y0
        for weights in Dopri5Tableau.stages {
            y1 = .combination([(1, y0)] + zip(weights, slopes).map { ($0 * dt, $1) })
            slopes.append(self(y1, leaves))
        }
        return Stages(
            y1: y1,
            f1: slopes[6],
            middle: .combination(
                [(1, y0)] + zip(Dopri5Tableau.middle, slopes).map { ($0 * dt, $1) }
            )
        )
    }

    /// The state inside a step, a polynomial of the part of it that has passed.
    ///
    /// The quartic through both ends, both slopes and the middle: Shampine 1986.
    private func quartic(
        _ y0: Variable<Double>,
        _ f0: Variable<Double>,
        _ step: Stages,
        dt: Double,
        at x: Double
    ) -> Variable<Double> {
        let (x2, x3, x4) = (x * x, x * x * x, x * x * x * x)
        return .combination([
            (1 - 11 * x2 + 18 * x3 - 8 * x4, y0),
            (-5 * x2 + 14 * x3 - 8 * x4, step.y1),
            (16 * x2 - 32 * x3 + 16 * x4, step.middle),
            (dt * (x - 4 * x2 + 5 * x3 - 2 * x4), f0),
            (dt * (x2 - 3 * x3 + 2 * x4), step.f1),
        ])
    }

    // MARK: - By the adjoint

    /// The gradient of z0 by solving for state, adjoint and the parameters' gradients backwards in time.
    private func backByAdjoint(
        _ states: Tensor<Double>,
        _ times: [Double],
        _ controller: StepController,
        _ shape: [Int],
        _ gradient: Tensor<Double>
    ) -> Tensor<Double> {
        let wanted = parameters.filter(\.needsGradient)
        // The adjoint is linear: solved at size 1, so that the absolute tolerance means the same for every loss.
        var largest = 0.0
        for value in gradient.scalars { largest = max(largest, abs(value)) }
        guard largest > 0 else { return Tensor(repeating: 0, shape: shape) }
        let unit = gradient.map { $0 / largest }
        let sizes = wanted.map(\.value.count)
        let size = shape.reduce(1, *)
        var adjoint = unit[times.count - 1]
        var sums = [Double](repeating: 0, count: sizes.reduce(0, +))
        let field = AdjointField(shape: shape, size: size, field: self)
        for index in stride(from: times.count - 1, to: 0, by: -1) {
            let start = states[index].scalars + adjoint.scalars + sums
            // A field that could be solved forwards can be solved backwards; if not, the loss is not finite.
            guard
                let end = try? Dopri5(controller: controller)
                    .solve(field, from: start, at: [times[index], times[index - 1]])
            else { return Tensor(repeating: .nan, shape: shape) }
            let last = end.states[(end.states.count - start.count)...]
            let first = last.startIndex
            adjoint = Tensor(shape: shape, scalars: Array(last[first + size..<first + 2 * size]))
            adjoint.add(unit[index - 1])
            sums = Array(last[(first + 2 * size)...])
        }
        var offset = 0
        for (parameter, count) in zip(wanted, sizes) {
            parameter.accumulate(
                Tensor(
                    shape: parameter.shape,
                    scalars: sums[offset..<offset + count].map { $0 * largest }
                )
            )
            offset += count
        }
        return adjoint.map { $0 * largest }
    }

    /// `d(z, a, g)/dt = (f, -a df/dz, -a df/dtheta)`.
    private struct AdjointField: VectorField {
        let shape: [Int]
        let size: Int
        let field: LatentField

        func slope(at t: Double, _ y: [Double]) -> [Double] {
            let leaves = field.leaves()
            let state = Variable(
                Tensor(shape: shape, scalars: Array(y[..<size])),
                needsGradient: true
            )
            let value = field(state, leaves)
            value.backward(Tensor(shape: shape, scalars: y[size..<2 * size].map { -$0 }))
            let zeros = Tensor<Double>(repeating: 0, shape: shape)
            var slopes = value.value.scalars + (state.gradient ?? zeros).scalars
            for leaf in leaves where leaf.needsGradient {
                slopes +=
                    leaf.gradient?.scalars ?? [Double](repeating: 0, count: leaf.value.count)
            }
            return slopes
        }
    }
}
