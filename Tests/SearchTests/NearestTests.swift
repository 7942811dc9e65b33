import Kernels
import Search
import Testing

/// Searches against a sort of all scores.
@Suite struct NearestTests {
    /// Enough rows for sketches; prime, so that the last block is no whole one.
    static let count = 10_007
    static let descriptors: (rows: [IndexRow], queries: [[Float]], made: RandomDescriptors) = {
        var made = RandomDescriptors(groups: 16, numbers: 32)
        let rows = made.rows(1...Int64(count))
        return (rows, (0..<40).map { _ in made.next() }, made)
    }()
    static let index = DescriptorIndex.ofRows(descriptors.rows, descriptors.made.layout)

    private func sorted(_ query: DescriptorQuery, among rows: [Int]) -> [Int] {
        let scores = Self.index.scores(of: rows, query)
        return zip(rows, scores).sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map(\.0)
    }

    @Test("an exact search sorts all rows", arguments: [nil, [3], [0, 5, 6, 15]])
    func exact(groups: [Int]?) {
        for descriptor in Self.descriptors.queries.prefix(5) {
            let query = Self.descriptors.made.query(descriptor, groups: groups)
            let found = Self.index.nearest(query, 12, method: .exact)
            let expected = sorted(query, among: Array(0..<Self.count)).prefix(12)
            #expect(found.neighbours.map(\.row) == Array(expected))
            #expect(found.compared == Self.count && found.candidates == Self.count)
        }
    }

    @Test(
        "sketches find what an exact search finds, for any mask, and compare few rows",
        arguments: [nil, [0, 1, 2, 3], [7, 9]]
    )
    func sketches(groups: [Int]?) {
        var (found, compared) = (0, 0)
        for descriptor in Self.descriptors.queries {
            let query = Self.descriptors.made.query(descriptor, groups: groups)
            let exact = Self.index.nearest(query, 10, method: .exact).neighbours.map(\.row)
            let outcome = Self.index.nearest(query, 10)
            found += Set(outcome.neighbours.map(\.row)).intersection(exact).count
            compared += outcome.compared
        }
        // Independent groups: 98 to 99.5 % were seen; the promise of the margin is above 97.
        #expect(found >= 380, "\(found) of 400")
        #expect(compared < 40 * Self.count / 4, "\(compared) rows")
    }

    @Test("a row finds itself, with score 1, and scores fall")
    func itself() {
        for row in [0, 63, 64, 5_000, Self.count - 1] {
            let query = Self.descriptors.made.query(Self.descriptors.rows[row].descriptor)
            let outcome = Self.index.nearest(query, 5)
            #expect(outcome.neighbours[0].row == row)
            // Numbers of 11 bits.
            #expect(abs(outcome.neighbours[0].score - 1) < 1e-3)
            let scores = outcome.neighbours.map(\.score)
            #expect(zip(scores, scores.dropFirst()).allSatisfy { $0 >= $1 })
        }
    }

    @Test("only allowed rows are found, whether few or many", arguments: [7, 3_000, 9_000])
    func filtered(count: Int) {
        let allowed = Array(
            (0..<Self.count).filter { $0 % (Self.count / count) == 0 }.prefix(count)
        )
        let query = Self.descriptors.made.query(Self.descriptors.queries[0])
        let found = Self.index.nearest(query, 9, allowed: allowed, method: .exact)
        #expect(found.neighbours.map(\.row) == Array(sorted(query, among: allowed).prefix(9)))
        #expect(found.candidates == allowed.count)
        let sketched = Self.index.nearest(query, 9, allowed: allowed)
        #expect(sketched.neighbours.allSatisfy { allowed.contains($0.row) })
        #expect(sketched.neighbours.count == min(9, allowed.count))
    }

    @Test("rows that are gone or not allowed leave the answer, and the others stay in it")
    func excluded() {
        let query = Self.descriptors.made.query(Self.descriptors.queries[1])
        let all = Self.index.nearest(query, 30).neighbours
        let gone = all.enumerated().filter { $0.offset % 2 == 0 }.map(\.element.row)
        let rest = Set(0..<Self.count).subtracting(gone).sorted()
        let filtered = Self.index.nearest(query, 30, allowed: rest)
        let index = Self.index.removing(gone)
        let removed = index.nearest(query, 30)
        for outcome in [filtered, removed] {
            #expect(outcome.candidates == Self.count - 15 && outcome.neighbours.count == 30)
            #expect(Set(outcome.neighbours).isDisjoint(with: all.filter { gone.contains($0.row) }))
            #expect(Set(outcome.neighbours).isSuperset(of: all.filter { !gone.contains($0.row) }))
        }
        // Both ways to look assets up, few and many: assets are numbered from 1.
        for step in [5, 500] {
            let assets = stride(from: 1, to: Self.count + 100, by: step).map { Int64($0) }
            let expected = assets.map { Int($0) - 1 }
                .filter { $0 < Self.count && !gone.contains($0) }
            #expect(index.rows(ofAssets: assets) == expected)
        }
    }

    @Test("k beyond the rows gives all of them; no group gives none")
    func bounds() {
        let small = DescriptorIndex.ofRows(
            Array(Self.descriptors.rows.prefix(5)),
            Self.descriptors.made.layout
        )
        let query = Self.descriptors.made.query(Self.descriptors.queries[0])
        #expect(small.nearest(query, 100).neighbours.count == 5)
        #expect(small.nearest(query, 0).neighbours.isEmpty)
        let nothing = Self.descriptors.made.query(Self.descriptors.queries[0], groups: [])
        #expect(small.nearest(nothing, 3).neighbours.isEmpty)
        let empty = DescriptorIndex(empty: .sample(Self.descriptors.made.layout))
        #expect(empty.nearest(query, 3).neighbours.isEmpty)
    }

    @Test("many equal rows: the earliest are found, by either method")
    func ties() {
        let layout = Self.descriptors.made.layout
        let one = Self.descriptors.queries[0]
        let rows = (1...6_000).map { IndexRow(IndexEntry(asset: $0), one) }
        let index = DescriptorIndex.ofRows(rows, layout)
        let query = Self.descriptors.made.query(one)
        for method in [SearchMethod.exact, .standard] {
            let found = index.nearest(query, 4, method: method).neighbours.map(\.row)
            #expect(found == [0, 1, 2, 3])
        }
    }
}
