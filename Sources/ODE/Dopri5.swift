internal import Kernels

/// Why a solve stopped early.
public struct SolveError: Error, Sendable, CustomStringConvertible {
    /// What happened, at which time, and what to change.
    public let description: String
}

/// One step that the solver tried.
public struct Step: Sendable, Hashable {
    /// Where it began.
    public let t0: Double
    /// How long it was.
    public let dt: Double
}

/// A solution at the requested times, with what it cost.
public struct Solution: Sendable {
    /// One state per requested time, in their order, one after the other.
    public let states: [Double]
    /// The steps behind them.
    public let path: SolutionPath

    /// The number of evaluations of the field: 2 + 6 per tried step (0 for a single time).
    public var evaluationCount: Int { path.evaluationCount }
    /// The steps whose error was small enough.
    public var accepted: [Step] { path.accepted }
    /// The steps that were tried again smaller.
    public var rejected: [Step] { path.rejected }
    /// The length of the first step tried, or 0 for a single time.
    public var firstStep: Double { path.firstStep }
}

/// Dormand-Prince 5(4) with dense output, float64.
///
/// The controller, interpolation and error norm are torchdiffeq's, since released weights were trained
/// with it: steps are never shortened to meet an output time, outputs are read off a quartic.
/// Source: spec section 5; Dormand and Prince 1980.
public struct Dopri5: Sendable {
    /// Tolerances and step policy.
    public var controller: StepController
    /// The largest number of steps tried before giving up.
    public var maxSteps = 100_000
    /// Is asked before every step whether to stop; a stopped solve throws.
    public var shouldStop: @Sendable () -> Bool = { false }

    /// Prepares a solver.
    public init(controller: StepController = StepController()) { self.controller = controller }

    /// Solves for all requested times in one pass.
    ///
    /// - Parameters:
    ///   - field: The right-hand side.
    ///   - y0: The state at the first time.
    ///   - times: At least one; strictly increasing or strictly decreasing.
    /// - Returns: The state at each time; the first is `y0` itself.
    /// - Throws: `SolveError` if the times are not monotonic, the state stops being finite, or the
    ///   solver runs out of steps.
    public func solve(
        _ field: some VectorField,
        from y0: [Double],
        at times: [Double]
    ) throws(SolveError) -> Solution {
        guard let first = times.first, times.allSatisfy(\.isFinite) else {
            throw SolveError(description: "a solve needs at least one finite time, got \(times)")
        }
        let falls = times.count > 1 && times[1] < first
        for (earlier, later) in zip(times, times.dropFirst())
        where falls ? later >= earlier : later <= earlier {
            throw SolveError(
                description: "times must be strictly monotonic, got \(earlier), \(later)"
            )
        }
        let path = try path(field, from: y0, over: (first, times[times.count - 1]))
        return Solution(states: path.states(at: times), path: path)
    }

    /// Solves from one time to another; states in between are read off the result when wanted.
    ///
    /// Its size grows with the number of steps, not with the number of states that are read.
    ///
    /// - Parameters:
    ///   - field: The right-hand side.
    ///   - y0: The state at the start.
    ///   - span: Start and end; the end may lie before the start.
    /// - Returns: The accepted steps with their interpolants.
    /// - Throws: `SolveError` if the state stops being finite or the solver runs out of steps.
    public func path(
        _ field: some VectorField,
        from y0: [Double],
        over span: (start: Double, end: Double)
    ) throws(SolveError) -> SolutionPath {
        guard span.start.isFinite, span.end.isFinite else {
            throw SolveError(description: "a solve needs finite times, got \(span)")
        }
        var path = SolutionPath(y0: y0, start: span.start, isReversed: span.end < span.start)
        guard span.start != span.end else { return path }
        if path.isReversed {
            try run(Reversed(field: field), to: -span.end, &path)
        } else {
            try run(field, to: span.end, &path)
        }
        return path
    }

    /// The field seen with time running backwards.
    private struct Reversed<Field: VectorField>: VectorField {
        let field: Field
        func slope(at t: Double, _ y: [Double]) -> [Double] { field.slope(at: -t, y).map { -$0 } }
    }

    /// Steps until the end is reached or passed; `end` is on the clock that runs forwards.
    private func run(
        _ field: some VectorField,
        to end: Double,
        _ path: inout SolutionPath
    ) throws(SolveError) {
        var y = path.y0
        var t = path.isReversed ? -path.start : path.start
        let sign: Double = path.isReversed ? -1 : 1
        var slope = field.slope(at: t, y)
        var dt = controller.firstStep(field, t, y, slope)
        path.firstStep = dt
        for _ in 0..<maxSteps {
            guard !shouldStop() else {
                throw SolveError(description: "the solve was stopped at t = \(sign * t)")
            }
            let trial = attempt(field, t, dt, y, slope)
            let ratio = controller.errorRatio(trial.error, y, trial.y1)
            guard ratio.isFinite, t + dt > t else {
                throw SolveError(
                    description: "the solve broke down at t = \(sign * t) "
                        + "(step \(dt), error ratio \(ratio)): the state is not finite or the field "
                        + "too steep; check the weights or loosen rtol (now \(controller.rtol))"
                )
            }
            let step = Step(t0: sign * t, dt: dt)
            if ratio <= 1 {
                path.accepted.append(step)
                path.pieces.append(
                    DenseOutput(
                        start: t,
                        end: t + dt,
                        y0: y,
                        y1: trial.y1,
                        middle: trial.middle.added(to: y),
                        f0: slope,
                        f1: trial.f1
                    )
                )
                t += dt
                y = trial.y1
                slope = trial.f1
                if t >= end { return }
            } else {
                path.rejected.append(step)
            }
            dt = controller.nextStep(dt, ratio: ratio)
        }
        throw SolveError(
            description: "\(maxSteps) steps reached at t = \(sign * t): "
                + "raise maxSteps or loosen rtol (now \(controller.rtol))"
        )
    }

    private struct Trial {
        let y1: [Double]
        let f1: [Double]
        let error: DoublePasses.Combination
        /// From the start to the middle of the step.
        let middle: DoublePasses.Combination
    }

    /// Takes one step of seven stages, of which the first is known (FSAL).
    private func attempt(
        _ field: some VectorField,
        _ t: Double,
        _ dt: Double,
        _ y: [Double],
        _ slope: [Double]
    ) -> Trial {
        var slopes = [slope]
        var y1 = y
        func combined(_ weights: [Double]) -> DoublePasses.Combination {
            DoublePasses.Combination(weights.map { $0 * dt }, slopes)
        }
        for (node, weights) in zip(Dopri5Tableau.nodes, Dopri5Tableau.stages) {
            y1 = combined(weights).added(to: y)
            slopes.append(field.slope(at: node == 1 ? t + dt : t + node * dt, y1))
        }
        return Trial(
            y1: y1,
            f1: slopes[6],
            error: combined(Dopri5Tableau.error),
            middle: combined(Dopri5Tableau.middle)
        )
    }
}
