internal import Models
internal import ODE
internal import Packs
internal import Search
internal import Tensors

extension LoadedPack {
    /// The longest part of a motion that is summed up as one, in units of t: further the solver tells little.
    static let longestWindow = 8.0

    /// What a motion does between two of its seconds.
    ///
    /// - Parameters:
    ///   - start: `z_d0 [C, h, w]`.
    ///   - from: Seconds from the start of the motion.
    ///   - to: Later ones.
    ///   - cancellation: Stops between steps.
    /// - Returns: `[h * w, 32]`: see `MotionSummary`.
    /// - Throws: `RenderError` if the motion cannot be followed, `InterruptedError`, `PackError`.
    func motionSummary(
        _ start: Tensor<Double>,
        from: Double,
        to: Double,
        _ cancellation: Cancellation
    ) throws -> Tensor<Float> {
        try motionSummaries(start, windows: [(from, to)], cancellation)[0]
    }

    /// The same of several windows, from one solve.
    func motionSummaries(
        _ start: Tensor<Double>,
        windows: [(from: Double, to: Double)],
        _ cancellation: Cancellation
    ) throws -> [Tensor<Float>] {
        let unit = manifest.time.unitSeconds
        let ends = windows.map { min($0.to, $0.from + Self.longestWindow * unit) }
        let path = try latentODE().path(from: start, second: ends.max() ?? 0, unit, cancellation)
        let summary = MotionSummary(channels: start.shape[0])
        let last = Double(MotionSummary.stateCount - 1)
        return zip(windows, ends).map { window, end in
            summary(
                (0..<MotionSummary.stateCount).map { index in
                    let second = window.from + (end - window.from) * Double(index) / last
                    return Tensor(shape: start.shape, scalars: path.state(at: second / unit))
                }
            )
        }
    }
}
