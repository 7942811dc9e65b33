/// The nearest neighbours of each of some rows among them.
public struct NeighbourGraph: Sendable {
    /// Of each place, the nearest other places, the nearest first.
    public let neighbours: [[Int]]
    /// How near they are: cosines, -1...1.
    public let scores: [[Float]]

    /// How many places there are.
    public var count: Int { neighbours.count }

    /// Takes known neighbours.
    public init(neighbours: [[Int]], scores: [[Float]]) {
        precondition(
            neighbours.count == scores.count
                && zip(neighbours, scores).allSatisfy { $0.count == $1.count },
            "neighbours and scores do not fit"
        )
        (self.neighbours, self.scores) = (neighbours, scores)
    }

    /// Finds neighbours in an index.
    ///
    /// - Parameters:
    ///   - index: Where the rows are.
    ///   - rows: What is mapped; ascending.
    ///   - weights: How much each group counts in the eyes of each of them; all the same if nil.
    ///   - k: How many neighbours; fewer if there are fewer rows.
    ///   - onRow: Is told how many rows are done; what it throws ends the search.
    public init(
        _ index: DescriptorIndex,
        rows: [Int],
        weights: [[Float]]? = nil,
        k: Int,
        onRow: (Int) throws -> Void
    ) rethrows {
        precondition(weights.map { $0.count == rows.count } ?? true, "weights of other rows")
        var places = [Int](repeating: -1, count: index.rowCount)
        for (place, row) in rows.enumerated() { places[row] = place }
        let allowed = rows.count == index.count ? nil : rows
        var (neighbours, scores): ([[Int]], [[Float]]) = ([], [])
        for (place, row) in rows.enumerated() {
            try onRow(place)
            let query = index.query(row, weights: weights?[place])
            let found = index.nearest(query, k + 1, allowed: allowed).neighbours
                .filter { $0.row != row }.prefix(k)
            neighbours.append(found.map { places[$0.row] })
            scores.append(found.map(\.score))
        }
        self.init(neighbours: neighbours, scores: scores)
    }
}
