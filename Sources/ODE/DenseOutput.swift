internal import Kernels

/// The quartic through both ends, both slopes and the middle of one accepted step.
package struct DenseOutput: Sendable {
    package let start: Double
    package let end: Double
    /// `[5, n]`, powers of the part of the step that has passed.
    private let quartics: [Double]

    /// Fits the quartic.
    init(
        start: Double,
        end: Double,
        y0: [Double],
        y1: [Double],
        middle: [Double],
        f0: [Double],
        f1: [Double]
    ) {
        self.start = start
        self.end = end
        quartics = DoublePasses.quartics(
            y0: y0,
            y1: y1,
            middle: middle,
            f0: f0,
            f1: f1,
            dt: end - start
        )
    }

    /// The state at the start of the step.
    package var startState: [Double] { Array(quartics[..<(quartics.count / 5)]) }
    /// The slope at the start of the step.
    package var startSlope: [Double] {
        let size = quartics.count / 5
        return quartics[size..<2 * size].map { $0 / (end - start) }
    }

    /// Writes the states at times inside the step, one after the other.
    func evaluate(at times: [Double], into states: UnsafeMutableBufferPointer<Double>) {
        let positions = times.map { ($0 - start) / (end - start) }
        DoublePasses.evaluate(quartics: quartics, at: positions, into: states)
    }
}
