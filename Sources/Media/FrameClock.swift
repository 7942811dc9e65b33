import CLibav

/// Seconds of frames since the first one of their stream, strictly growing.
///
/// A missing or repeated timestamp is replaced: by one nominal frame, or one tick, after the last.
struct FrameClock {
    private let timeBase: AVRational
    private let nominalTicks: Int64
    private(set) var firstTicks: Int64?
    private var lastTicks: Int64?

    init(timeBase: AVRational, rate: FrameRate?) {
        self.timeBase = timeBase
        guard let rate, timeBase.num > 0, timeBase.den > 0 else {
            nominalTicks = 1
            return
        }
        nominalTicks = max(1, av_rescale_q(1, rate.timeBase, timeBase))
    }

    /// The time of the next frame.
    mutating func seconds(of buffer: FrameBuffer) -> Double {
        var ticks = buffer.frame.pointee.best_effort_timestamp
        // Beyond 2^61 ticks a time is damage, and sums could overflow.
        if ticks == Libav.noTimestamp || ticks.magnitude > 1 << 61 {
            ticks = lastTicks.map { $0 + nominalTicks } ?? firstTicks ?? 0
        }
        if let lastTicks, ticks <= lastTicks { ticks = lastTicks + 1 }
        lastTicks = ticks
        let first = firstTicks ?? ticks
        firstTicks = first
        return Double(ticks - first) * av_q2d(timeBase)
    }

    /// The stream's own time for seconds after its first frame.
    func ticks(at seconds: Double) -> Int64 {
        let wanted = seconds / av_q2d(timeBase)
        guard wanted.isFinite, wanted.magnitude < 0x1p60 else { return 1 << 60 }
        return (firstTicks ?? 0) + Int64(wanted.rounded(.down))
    }

    /// Forgets the last frame, not the first, after a jump.
    mutating func jump() { lastTicks = nil }
}
