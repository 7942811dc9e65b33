internal import Foundation
internal import Kernels

/// How far the solver may step, given the error it made.
///
/// Source: torchdiffeq's controller (Hairer, Nørsett and Wanner, Solving ODEs I, section II.4).
public struct StepController: Sendable, Hashable {
    /// The relative tolerance.
    public var rtol: Double
    /// The absolute tolerance.
    public var atol: Double

    /// Sets the tolerances: a step is good if the root mean square of
    /// `error / (atol + rtol * max(|y0|, |y1|))` is at most 1.
    public init(rtol: Double = 1e-3, atol: Double = 1e-4) {
        self.rtol = rtol
        self.atol = atol
    }

    static let safety = 0.9
    static let largestGrowth = 10.0
    static let largestShrink = 0.2
    static let order = 5.0

    /// The root mean square of an error over what is tolerated between two states.
    func errorRatio(
        _ error: DoublePasses.Combination,
        _ before: [Double],
        _ after: [Double]
    ) -> Double {
        error.scaledNorm(before, after, atol: atol, rtol: rtol)
    }

    func nextStep(_ step: Double, ratio: Double) -> Double {
        guard ratio > 0 else { return step * Self.largestGrowth }
        let shrink = ratio < 1 ? 1 : Self.largestShrink
        let factor = Self.safety / pow(ratio, 1 / Self.order)
        return step * min(Self.largestGrowth, max(factor, shrink))
    }

    /// The first step, from the sizes of state, slope and curvature; costs one evaluation.
    func firstStep(_ field: some VectorField, _ t: Double, _ y: [Double], _ slope: [Double])
        -> Double
    {
        func size(_ factors: [Double], _ terms: [[Double]]) -> Double {
            errorRatio(DoublePasses.Combination(factors, terms), y, y)
        }
        let d0 = size([1], [y])
        let d1 = size([1], [slope])
        let h0 = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : 0.01 * d0 / d1
        let ahead = field.slope(at: t + h0, DoublePasses.Combination([h0], [slope]).added(to: y))
        let d2 = size([1, -1], [ahead, slope]) / h0
        let h1 =
            d1 <= 1e-15 && d2 <= 1e-15
            ? max(1e-6, h0 * 1e-3) : pow(0.01 / max(d1, d2), 1 / Self.order)
        return min(100 * h0, h1)
    }
}
