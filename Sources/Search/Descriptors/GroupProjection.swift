/// A fixed map of groups of numbers to fewer numbers that keeps angles about as they are.
///
/// Its rows are orthonormal, drawn once and for all (Johnson and Lindenstrauss 1984): descriptors of different libraries
/// and times are comparable.
public struct GroupProjection: Sendable {
    /// Numbers in, numbers out.
    public let from: Int, to: Int
    /// `[to][from]`.
    private let rows: [[Float]]

    /// Draws the map from one number of numbers to another.
    ///
    /// - Parameters:
    ///   - from: Numbers of a group, at least 1.
    ///   - to: Numbers wanted; a group that has no more keeps its own, followed by zeros.
    ///   - stream: Names the draw: maps of different streams are independent.
    public init(from: Int, to: Int, stream: UInt64) {
        precondition(from > 0 && to > 0, "a map of \(from) to \(to) numbers")
        (self.from, self.to) = (from, to)
        guard from > to else {
            rows = (0..<to).map { row in (0..<from).map { $0 == row ? 1 : 0 } }
            return
        }
        var random = NormalNumbers(stream)
        var drawn: [[Double]] = []
        while drawn.count < to {
            var row = (0..<from).map { _ in random.next() }
            for other in drawn {
                let share = zip(row, other).reduce(0) { $0 + $1.0 * $1.1 }
                for index in row.indices { row[index] -= share * other[index] }
            }
            let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
            drawn.append(row.map { $0 / length })
        }
        rows = drawn.map { $0.map { Float($0) } }
    }

    /// Maps one group.
    public func callAsFunction(_ group: [Float]) -> [Float] {
        precondition(group.count == from, "\(group.count) numbers for a map of \(from)")
        return rows.map { row in zip(row, group).reduce(0) { $0 + $1.0 * $1.1 } }
    }
}

/// Normal numbers by sums of twelve even ones, from SplitMix64 (Steele, Lea and Flood 2014).
private struct NormalNumbers {
    private var state: UInt64

    init(_ stream: UInt64) { state = stream }

    mutating func next() -> Double {
        (0..<12).reduce(-6.0) { sum, _ in sum + Double(word() >> 11) / 9_007_199_254_740_992 }
    }

    private mutating func word() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
