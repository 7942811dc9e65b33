/// Which frames of a clip a step looks at.
///
/// A window of the clip is chosen, frames of it that the encoder observes, and frames that are drawn and compared.
/// Source: paper section 4.1; spec section 7.
public struct FrameSampling: Codable, Sendable, Hashable {
    /// The longest window, in units of t.
    public var window: Double
    /// The least and most frames that the encoder observes.
    public var observed: [Int]
    /// The share of steps that observe irregular frames; the others observe evenly spaced ones.
    public var irregularShare: Double
    /// The part of the window that is observed, from its start, 1 in the paper; what is drawn lies in all of it.
    public var observedPart: Double
    /// The least and most frames that are drawn: k.
    public var drawn: [Int]
    /// Whether only observed frames are drawn, the first always, as in the authors' code; else any of the window.
    public var drawsObserved: Bool

    /// Collects the numbers.
    public init(
        window: Double,
        observed: [Int] = [6, 14],
        irregularShare: Double = 0.75,
        observedPart: Double = 1,
        drawn: [Int] = [3, 5],
        drawsObserved: Bool = true
    ) {
        self.window = window
        self.observed = observed
        self.irregularShare = irregularShare
        self.observedPart = observedPart
        self.drawn = drawn
        self.drawsObserved = drawsObserved
    }

    /// Checks the numbers.
    ///
    /// - Throws: `TrainingError`, `.badConfig`, naming the key.
    func validate() throws(TrainingError) {
        for (key, range) in [("observed", observed), ("drawn", drawn)]
        where range.count != 2 || range[0] < 1 || range[1] < range[0] || range[1] > 256 {
            throw TrainingError.key("sampling." + key, "two numbers, rising, from 1 to 256")
        }
        guard observed[0] >= 2 else {
            throw TrainingError.key("sampling.observed", "at least 2 frames: one has no motion")
        }
        guard !drawsObserved || drawn[1] <= observed[0] else {
            throw TrainingError.key(
                "sampling.drawn",
                "at most sampling.observed frames, or sampling.drawsObserved false"
            )
        }
        guard window > 0, window.isFinite else {
            throw TrainingError.key("sampling.window", "a positive number, in units of t")
        }
        guard (0...1).contains(irregularShare) else {
            throw TrainingError.key("sampling.irregularShare", "a number from 0 to 1")
        }
        guard observedPart > 0, observedPart <= 1 else {
            throw TrainingError.key("sampling.observedPart", "a number above 0 and up to 1")
        }
    }

    /// The frames of one clip in one step.
    package struct Choice: Sendable, Hashable {
        /// Rising; the first is time 0.
        package let observed: [Int]
        /// Rising.
        package let drawn: [Int]
    }

    /// The numbers of frames of one step, which all of its clips share.
    struct Counts {
        let observed: Int
        let drawn: Int
        let isIrregular: Bool
    }

    /// Draws the numbers of a step.
    func counts(random: inout SeededRandom) -> Counts {
        func pick(_ range: [Int]) -> Int { range[0] + random.index(below: range[1] - range[0] + 1) }
        return Counts(
            observed: pick(observed),
            drawn: pick(drawn),
            isIrregular: random.uniform() < irregularShare
        )
    }

    /// The least number of frames that a clip must have.
    var leastFrames: Int { max(observed[1], drawn[1]) }

    /// Draws the frames of a clip.
    ///
    /// - Parameters:
    ///   - times: Of its frames, in units of t; at least as many as are asked for.
    ///   - counts: Of the step.
    ///   - random: Of the step.
    /// - Returns: Frames of a window of the clip.
    func choose(_ times: [Double], _ counts: Counts, random: inout SeededRandom) -> Choice {
        let slack = window * 1e-6
        // Windows start at frames that leave enough of them.
        let needed = max(counts.observed, counts.drawn)
        let last = times[times.count - 1]
        let starts = times.indices.filter { start in
            start + needed <= times.count && (start == 0 || last - times[start] >= window - slack)
        }
        let start = starts.isEmpty ? 0 : starts[random.index(below: starts.count)]
        var inside = (start..<times.count).filter { times[$0] - times[start] <= window + slack }
        if inside.count < needed { inside = Array(start..<start + needed) }
        let seen = max(counts.observed, Int(observedPart * Double(inside.count)))
        let observed =
            counts.isIrregular
            ? [0] + random.choose(counts.observed - 1, of: seen - 1).map { $0 + 1 }
            : (0..<counts.observed).map { index in
                Int((Double(index * (seen - 1)) / Double(counts.observed - 1)).rounded())
            }
        let drawn =
            drawsObserved
            ? [observed[0]]
                + random.choose(counts.drawn - 1, of: observed.count - 1).map { observed[$0 + 1] }
            : random.choose(counts.drawn, of: inside.count)
        return Choice(observed: observed.map { inside[$0] }, drawn: drawn.map { inside[$0] })
    }
}

extension TrainingError {
    /// A key of the configuration that has an unusable value.
    static func key(_ name: String, _ need: String) -> TrainingError {
        TrainingError(.badConfig, "configuration: the key \(name) needs \(need)")
    }
}
