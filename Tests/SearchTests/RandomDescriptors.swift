import Kernels
import Search
import SeededNumbers

/// Descriptors whose groups are independent directions: nothing can be guessed from one group about another, which is
/// the hardest case for an index.
struct RandomDescriptors {
    let layout: DescriptorLayout
    private var random: SplitMix

    init(groups: Int, numbers: Int, seed: UInt64 = 1) {
        layout = DescriptorLayout(groups: groups, numbers: numbers)
        random = SplitMix(seed: seed)
    }

    /// A descriptor with groups of length 1.
    mutating func next() -> [Float] {
        var values = (0..<layout.count).map { _ in random.normal() }
        for group in 0..<layout.groups {
            let range = group * layout.width..<(group + 1) * layout.width
            let length = values[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
            for index in range { values[index] /= length }
        }
        return values
    }

    mutating func rows(_ assets: ClosedRange<Int64>) -> [IndexRow] {
        assets.map { IndexRow(IndexEntry(asset: $0), next()) }
    }

    func query(_ descriptor: [Float], groups: [Int]? = nil) -> DescriptorQuery {
        let weights = (0..<layout.groups).map { groups?.contains($0) ?? true ? Float(1) : 0 }
        return DescriptorQuery(descriptor, layout, weights: weights)
    }
}

extension SplitMix {
    /// A normal number, by a sum of twelve.
    mutating func normal() -> Float {
        (0..<12).reduce(Float(-6)) { sum, _ in sum + Float(next() >> 40) / 16_777_216 }
    }
}

extension DescriptorIndex {
    /// An index in memory.
    static func ofRows(_ rows: [IndexRow], _ layout: DescriptorLayout) -> DescriptorIndex {
        DescriptorIndex(empty: .sample(layout))
            .adding(rows, watermark: rows.last?.entry.asset ?? 0)
    }
}

extension IndexIdentity {
    static func sample(_ layout: DescriptorLayout, pack: String = "pack") -> IndexIdentity {
        IndexIdentity(library: "library", pack: pack, descriptor: "motion-1", layout: layout)
    }
}
