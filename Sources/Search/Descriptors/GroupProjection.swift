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
        var random = RandomNumbers(stream)
        var drawn: [[Double]] = []
        while drawn.count < to {
            var row = (0..<from).map { _ in random.normal() }
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
