internal import Models
internal import ODE
internal import Tensors

/// The states of a motion at the requested seconds, from one solve in each direction of time.
struct Trajectory {
    private let states: Tensor<Double>
    /// Evaluations of the field, both directions together.
    let evaluationCount: Int

    /// The number of requested seconds.
    var count: Int { states.shape[0] }

    /// The state `[C, h, w]` at a requested second.
    func state(_ index: Int) -> Tensor<Double> { states[index] }

    /// Solves for all seconds.
    ///
    /// - Parameters:
    ///   - start: `z_d0 [C, h, w]`, the state at second 0.
    ///   - seconds: Increasing; before 0 the solve runs backwards.
    ///   - unitSeconds: Seconds per unit of t.
    ///   - ode: The dynamics.
    /// - Throws: `SolveError`.
    init(
        _ start: Tensor<Double>,
        seconds: [Double],
        unitSeconds: Double,
        ode: LatentODE
    ) throws {
        let batch = start.reshaped([1] + start.shape)
        let past = seconds.filter { $0 < 0 }
        let future = seconds.filter { $0 >= 0 }
        var evaluations = 0
        func solve(_ seconds: [Double]) throws -> Tensor<Double> {
            // The solver's first time is that of z_d0, whether it is shown or not.
            let isShown = seconds.first == 0
            let times = (isShown ? [] : [0]) + seconds.map { $0 / unitSeconds }
            let trajectory = try ode.solve(from: batch, at: times)
            evaluations += trajectory.solution.evaluationCount
            let shown = isShown ? trajectory.states : trajectory.states[1..<times.count]
            return shown.reshaped([seconds.count] + start.shape)
        }
        var parts: [Tensor<Double>] = []
        if !past.isEmpty {
            let backwards = try solve(past.reversed())
            parts.append(Tensor.stack((0..<past.count).reversed().map { backwards[$0] }))
        }
        if !future.isEmpty { parts.append(try solve(future)) }
        states = Tensor.concatenate(parts)
        evaluationCount = evaluations
    }
}
