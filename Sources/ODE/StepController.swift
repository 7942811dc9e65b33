internal import Foundation

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

    func errorRatio(_ error: [Double], _ before: [Double], _ after: [Double]) -> Double {
        rootMeanSquare(error.indices) {
            error[$0] / (atol + rtol * max(abs(before[$0]), abs(after[$0])))
        }
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
        let scale = y.map { atol + rtol * abs($0) }
        let d0 = rootMeanSquare(y.indices) { y[$0] / scale[$0] }
        let d1 = rootMeanSquare(y.indices) { slope[$0] / scale[$0] }
        let h0 = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : 0.01 * d0 / d1
        let ahead = field.slope(at: t + h0, y.indices.map { y[$0] + h0 * slope[$0] })
        let d2 = rootMeanSquare(y.indices) { (ahead[$0] - slope[$0]) / scale[$0] } / h0
        let h1 =
            d1 <= 1e-15 && d2 <= 1e-15
            ? max(1e-6, h0 * 1e-3) : pow(0.01 / max(d1, d2), 1 / Self.order)
        return min(100 * h0, h1)
    }

    private func rootMeanSquare(_ range: Range<Int>, _ term: (Int) -> Double) -> Double {
        var sum = 0.0
        for index in range {
            let value = term(index)
            sum += value * value
        }
        return range.isEmpty ? 0 : (sum / Double(range.count)).squareRoot()
    }
}
