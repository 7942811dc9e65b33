import Foundation
import Kernels
import Search

/// Rows and queries of 64 cells of 32 numbers, made of nothing: every row has numbers of its own stream.
struct SearchData {
    /// How rows are related.
    enum Kind: String, CaseIterable {
        /// Every cell is an independent direction: nothing can be guessed from one about another, or about a row.
        case independent
        /// A thousand motions, each row one of them with as much noise.
        case clustered
    }

    static let layout = DescriptorLayout(groups: 64, numbers: 32)
    static let masks = [64, 16, 8]
    static let k = 10
    static let queryCount = 50
    private static let clusters = 1_000

    let kind: Kind
    private let centres: [[Float]]

    init(_ kind: Kind) {
        self.kind = kind
        centres =
            kind == .clustered
            ? (0..<Self.clusters).map { Self.numbers(stream: UInt64(1) << 40 + UInt64($0)) } : []
    }

    /// The rows of a range, on all cores.
    func rows(_ range: Range<Int>) -> [IndexRow] {
        let rows = [IndexRow](unsafeUninitializedCapacity: range.count) { rows, count in
            nonisolated(unsafe) let start = rows.baseAddress
            DispatchQueue.concurrentPerform(iterations: range.count) { index in
                let row = range.lowerBound + index
                let entry = IndexEntry(asset: Int64(row + 1))
                start?.advanced(by: index).initialize(to: IndexRow(entry, descriptor(row)))
            }
            count = range.count
        }
        return rows
    }

    /// Queries by mask, then by number: the first cells of a row that is none of the index.
    func queries() -> [[DescriptorQuery]] {
        let descriptors = (0..<Self.queryCount).map { descriptor(-1 - $0) }
        return Self.masks.map { cells in
            let weights = (0..<Self.layout.groups).map { Float($0 < cells ? 1 : 0) }
            return descriptors.map { DescriptorQuery($0, Self.layout, weights: weights) }
        }
    }

    private func descriptor(_ row: Int) -> [Float] {
        let stream = UInt64(bitPattern: Int64(row)) &+ (1 << 32)
        var values = Self.numbers(stream: stream)
        if kind == .clustered {
            let centre = centres[Int(stream.mixed % UInt64(centres.count))]
            for index in values.indices { values[index] += centre[index] }
        }
        for start in stride(from: 0, to: values.count, by: Self.layout.width) {
            var square: Float = 0
            for index in start..<start + Self.layout.width {
                square += values[index] * values[index]
            }
            let scale = 1 / square.squareRoot()
            for index in start..<start + Self.layout.width { values[index] *= scale }
        }
        return values
    }

    /// Normal numbers by sums of eight even ones.
    private static func numbers(stream: UInt64) -> [Float] {
        var state = stream.mixed
        return (0..<layout.count).map { _ in
            var sum: Float = -4
            for _ in 0..<2 {
                state &+= 0x9E37_79B9_7F4A_7C15
                let word = state.mixed
                for shift in stride(from: UInt64(0), to: 64, by: 16) {
                    sum += Float(word >> shift & 0xffff) / 65_536
                }
            }
            return sum
        }
    }
}

extension UInt64 {
    /// The mixing of SplitMix64 (Steele, Lea and Flood 2014).
    fileprivate var mixed: UInt64 {
        var z = self
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
