extension CompositionRequest.Timing {
    /// More frames than a day at 60 per second.
    private static let frameLimit = 10_000_000

    /// The moments to show.
    ///
    /// - Parameters:
    ///   - motionSeconds: The length of the driving motion.
    ///   - defaultRate: The pack's frames per second.
    /// - Returns: First second, rate and count.
    /// - Throws: `RequestError` naming the flag.
    package func times(motionSeconds: Double, defaultRate: Double) throws -> Recipe.Times {
        for (flag, value) in [
            ("--start", start), ("--end", end), ("--duration", duration), ("--fps", frameRate),
        ] {
            if let value, !value.isFinite { throw RequestError("\(flag) is not finite") }
        }
        let rate = frameRate ?? defaultRate
        guard rate > 0, rate <= 1000 else { throw RequestError("--fps \(rate): give 0 to 1000") }
        if end != nil, duration != nil {
            throw RequestError("--end and --duration say the same thing: give one of them")
        }
        let start = start ?? 0
        let seconds = duration ?? ((end ?? motionSeconds) - start)
        if let frameCount {
            guard (1...Self.frameLimit).contains(frameCount) else {
                throw RequestError("--frames \(frameCount): give 1 to \(Self.frameLimit)")
            }
            return Recipe.Times(start: start, frameRate: rate, frameCount: frameCount)
        }
        guard seconds > 0 else {
            throw RequestError(
                "nothing to show: \(seconds) s from \(start) s on; check --start, --end"
            )
        }
        let count = (seconds * rate).rounded()
        guard count <= Double(Self.frameLimit) else {
            throw RequestError("\(seconds) s at \(rate) per second are too many frames")
        }
        return Recipe.Times(start: start, frameRate: rate, frameCount: max(1, Int(count)))
    }
}
