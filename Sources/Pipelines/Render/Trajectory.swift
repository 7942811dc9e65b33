internal import Models
internal import ODE
internal import Tensors

/// A motion at the requested seconds, from one solve in each direction of time.
///
/// It keeps the solver's steps, not the states: memory does not grow with the number of frames.
struct Trajectory {
    private let past: SolutionPath?
    private let future: SolutionPath?
    private let times: Recipe.Times
    private let unitSeconds: Double
    private let shape: [Int]

    /// The number of requested seconds.
    var count: Int { times.frameCount }

    /// Evaluations of the field, both directions together.
    var evaluationCount: Int { (past?.evaluationCount ?? 0) + (future?.evaluationCount ?? 0) }

    /// The state `[C, h, w]` at a requested second.
    func state(_ index: Int) -> Tensor<Double> {
        let t = times.second(index) / unitSeconds
        let path = t < 0 ? past : future
        return Tensor(shape: shape, scalars: path?.state(at: t) ?? [])
    }

    /// Solves as far as the frames reach.
    ///
    /// - Parameters:
    ///   - start: `z_d0 [C, h, w]`, the state at second 0.
    ///   - times: The frames; before second 0 the solve runs backwards.
    ///   - unitSeconds: Seconds per unit of t.
    ///   - ode: The dynamics.
    ///   - cancellation: Stops between steps.
    /// - Throws: `RenderError` if the motion cannot be solved that far, `InterruptedError`.
    init(
        _ start: Tensor<Double>,
        times: Recipe.Times,
        unitSeconds: Double,
        ode: LatentODE,
        cancellation: Cancellation
    ) throws {
        self.times = times
        self.unitSeconds = unitSeconds
        shape = start.shape
        let (first, last) = (times.second(0), times.second(times.frameCount - 1))
        func path(to second: Double) throws -> SolutionPath {
            try ode.path(from: start, second: second, unitSeconds, cancellation)
        }
        past = first < 0 ? try path(to: first) : nil
        future = last >= 0 ? try path(to: last) : nil
    }
}

extension LatentODE {
    /// Solves from second 0 to another one.
    ///
    /// - Throws: `RenderError` if it cannot be solved that far, `InterruptedError`.
    func path(
        from start: Tensor<Double>,
        second: Double,
        _ unitSeconds: Double,
        _ cancellation: Cancellation
    ) throws -> SolutionPath {
        do {
            return try path(from: start, to: second / unitSeconds) { cancellation.isCancelled }
        } catch {
            try cancellation.check()
            throw RenderError("the motion cannot be followed to \(second) s: \(error.description)")
        }
    }
}
