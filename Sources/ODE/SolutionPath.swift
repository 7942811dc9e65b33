/// A solved stretch of time: accepted steps, each with the quartic through it.
public struct SolutionPath: Sendable {
    /// The state at the start.
    public let y0: [Double]
    /// Where the solve began.
    public let start: Double
    /// Whether time runs backwards.
    public let isReversed: Bool
    /// The steps whose error was small enough.
    public internal(set) var accepted: [Step] = []
    /// The steps that were tried again smaller.
    public internal(set) var rejected: [Step] = []
    /// The length of the first step tried, or 0 if none was.
    public internal(set) var firstStep = 0.0
    /// One interpolant per accepted step, on the clock that runs forwards.
    package var pieces: [DenseOutput] = []

    init(y0: [Double], start: Double, isReversed: Bool) {
        self.y0 = y0
        self.start = start
        self.isReversed = isReversed
    }

    /// The number of evaluations of the field: 2 + 6 per tried step, 0 without steps.
    public var evaluationCount: Int {
        let tried = accepted.count + rejected.count
        return tried == 0 ? 0 : 2 + 6 * tried
    }

    /// The state at a time of the solved stretch; `y0` itself at its start.
    ///
    /// Beyond the last step its quartic is continued; callers stay within what they solved for.
    public func state(at time: Double) -> [Double] { states(at: [time]) }

    /// The states at some times, one after the other; each as `state(at:)` gives it.
    public func states(at times: [Double]) -> [Double] {
        let size = y0.count
        return [Double](unsafeUninitializedCapacity: times.count * size) { out, count in
            count = times.count * size
            let pieceOfEach = times.map(piece)
            var first = 0
            while first < times.count {
                // Neighbours on one step are read off it at once.
                let piece = pieceOfEach[first]
                let end = pieceOfEach[first...].firstIndex { $0 != piece } ?? times.count
                let states = UnsafeMutableBufferPointer(rebasing: out[first * size..<end * size])
                if let piece {
                    let clock = times[first..<end].map { isReversed ? -$0 : $0 }
                    pieces[piece].evaluate(at: clock, into: states)
                } else {
                    for index in states.indices {
                        states.initializeElement(at: index, to: y0[index % size])
                    }
                }
                first = end
            }
        }
    }

    /// The index of the first piece that ends at or behind a time; nil at the start.
    package func piece(at time: Double) -> Int? {
        guard time != start, let last = pieces.indices.last else { return nil }
        let t = isReversed ? -time : time
        var (low, high) = (0, last)
        while low < high {
            let middle = (low + high) / 2
            if pieces[middle].end < t { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
