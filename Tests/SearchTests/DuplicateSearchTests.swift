import Kernels
import Search
import SeededNumbers
import Testing

/// Groups of the same items against a comparison of all with all.
@Suite struct DuplicateSearchTests {
    private static let layout = DescriptorLayout(groups: 4, numbers: 32)

    /// Families of vectors that are near to each other, in no order: `sizes[f]` members of family f.
    private static func families(
        _ sizes: [Int],
        noise: Float,
        seed: UInt64
    ) -> (index: DescriptorIndex, family: [Int]) {
        var made = RandomDescriptors(groups: layout.groups, numbers: 32, seed: seed)
        var random = SplitMix(seed: seed + 100)
        var members = sizes.enumerated().flatMap { family, size in
            let centre = made.next()
            return (0..<size).map { _ in
                (family, unit(zip(centre, made.next()).map { $0 + noise * $1 }))
            }
        }
        members.shuffle(using: &random)
        let rows = members.enumerated().map {
            IndexRow(IndexEntry(asset: Int64($0) + 1), $1.1)
        }
        return (.ofRows(rows, layout), members.map(\.0))
    }

    private static func unit(_ values: [Float]) -> [Float] {
        var values = values
        for group in 0..<layout.groups {
            let range = group * layout.width..<(group + 1) * layout.width
            let length = values[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
            for index in range { values[index] /= length }
        }
        return values
    }

    /// Joins all pairs that are alike in all aspects, by comparing all of them.
    private func reference(_ count: Int, _ isSame: (Int, Int) -> Bool) -> [[Int]] {
        var family = Array(0..<count)
        for a in 0..<count {
            for b in (a + 1)..<count where family[a] != family[b] && isSame(a, b) {
                let (one, other) = (family[a], family[b])
                for item in family.indices where family[item] == other { family[item] = one }
            }
        }
        return Dictionary(grouping: 0..<count) { family[$0] }.values.filter { $0.count > 1 }
            .sorted { ($1.count, $0[0]) < ($0.count, $1[0]) }
    }

    private func groups(
        _ aspects: [DuplicateAspect],
        _ method: SearchMethod = .standard
    ) -> [DuplicateGroup] {
        DuplicateSearch(aspects).groups(method: method, isSame: { _, _ in true }, onItem: { _ in })
    }

    private func cosine(_ index: DescriptorIndex, _ a: Int, _ b: Int, _ weights: [Float]) -> Float {
        let query = DescriptorQuery(index.descriptor(a), index.layout, weights: weights)
        return index.scores(of: [b], query)[0]
    }

    @Test("groups are found whole, also those larger than the first neighbours asked for")
    func large() {
        let sizes = [70, 20, 3, 2] + [Int](repeating: 1, count: 200)
        let (index, family) = Self.families(sizes, noise: 0.2, seed: 3)
        let aspect = DuplicateAspect(index, threshold: 0.9, rows: Array(0..<family.count))
        let groups = self.groups([aspect])
        #expect(groups.map(\.items.count) == [70, 20, 3, 2])
        for group in groups { #expect(Set(group.items.map { family[$0] }).count == 1) }
        let even = [Float](repeating: 1, count: 4)
        #expect(
            groups.map(\.items) == reference(family.count) { cosine(index, $0, $1, even) >= 0.9 }
        )
        let last = groups[3]
        #expect(last.least == [cosine(index, last.items[0], last.items[1], even)])
    }

    @Test("two aspects and weights agree with a comparison of all pairs", arguments: 1...6)
    func allPairs(seed: UInt64) {
        let sizes = [9, 6, 5, 4, 3, 2] + [Int](repeating: 1, count: 40)
        let (first, _) = Self.families(sizes, noise: 0.45, seed: seed)
        let (second, family) = Self.families([40, 20, 9], noise: 0.4, seed: seed + 50)
        var random = SplitMix(seed: seed)
        let weights = (0..<69).map { _ in
            (0..<4).map { _ in Float.random(in: 0...1, using: &random) }
        }
        // Some items lack the second aspect, of some it says nothing.
        let rows = family.indices.map { $0 % 9 == 4 ? nil : Int?.some($0) }
        let silent = family.indices.filter { $0 % 7 == 2 }
        let aspects = [
            DuplicateAspect(first, threshold: 0.8, rows: Array(0..<69)),
            DuplicateAspect(
                second,
                threshold: 0.8,
                rows: rows,
                silent: silent,
                weights: weights
            ),
        ]
        let even = [Float](repeating: 1, count: 4)
        let isSilent = family.indices.map { rows[$0] == nil || silent.contains($0) }
        func isSame(_ a: Int, _ b: Int) -> Bool {
            guard cosine(first, a, b, even) >= 0.8 else { return false }
            if isSilent[a], isSilent[b] { return true }
            guard rows[a] != nil, rows[b] != nil else { return false }
            return min(cosine(second, a, b, weights[a]), cosine(second, b, a, weights[b])) >= 0.8
        }
        let groups = self.groups(aspects)
        #expect(groups.map(\.items) == reference(69, isSame))
        #expect(!groups.isEmpty)
    }

    @Test("what one aspect says nothing of is no group by it alone")
    func silence() {
        let (index, _) = Self.families([6], noise: 0.05, seed: 1)
        let none = DuplicateAspect(
            index,
            threshold: 0.5,
            rows: [Int?](repeating: nil, count: 6)
        )
        #expect(self.groups([none]) == [])
        let all = DuplicateAspect(index, threshold: 0.5, rows: Array(0..<6))
        let groups = self.groups([all, none])
        #expect(groups.map(\.items) == [[0, 1, 2, 3, 4, 5]])
        #expect(groups[0].least[1] == nil)
        // One that moves is not the same as one that stands still.
        let mixed = DuplicateAspect(
            index,
            threshold: 0.5,
            rows: [0, nil, nil, nil, nil, 5]
        )
        #expect(self.groups([all, mixed]).map(\.items) == [[1, 2, 3, 4], [0, 5]])
    }

    @Test("two items that are refused are asked of once")
    func refused() {
        let (index, _) = Self.families([6], noise: 0.05, seed: 4)
        let aspect = DuplicateAspect(index, threshold: 0.5, rows: Array(0..<6))
        var asked: [Set<Int>] = []
        let groups = DuplicateSearch([aspect]).groups(
            isSame: {
                asked.append([$0, $1])
                return false
            },
            onItem: { _ in }
        )
        #expect(groups.isEmpty)
        #expect(asked.count == 15 && Set(asked).count == 15)
    }

    @Test("a search that is stopped stops")
    func stopped() {
        struct Stop: Error {}
        let (index, family) = Self.families([5, 5], noise: 0.1, seed: 2)
        let aspect = DuplicateAspect(index, threshold: 0.9, rows: Array(0..<family.count))
        #expect(throws: Stop.self) {
            try DuplicateSearch([aspect])
                .groups(isSame: { _, _ in true }, onItem: { if $0 == 3 { throw Stop() } })
        }
    }

    @Test("with sketches no member of a group is lost")
    func sketches() {
        let sizes = [30, 12, 5, 2, 2] + [Int](repeating: 1, count: 4_500)
        let (index, family) = Self.families(sizes, noise: 0.25, seed: 5)
        let aspect = DuplicateAspect(index, threshold: 0.9, rows: Array(0..<family.count))
        let fast = groups([aspect]).map(\.items)
        #expect(fast == groups([aspect], .exact).map(\.items))
        #expect(fast.map(\.count) == [30, 12, 5, 2, 2])
    }
}
