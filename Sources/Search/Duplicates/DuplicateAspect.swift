internal import Kernels

/// One way in which duplicates have to be alike.
public struct DuplicateAspect: Sendable {
    /// What is compared.
    public let index: DescriptorIndex
    /// The least score of two that are the same.
    public let threshold: Float
    /// The row of each item; nil for an item that has none.
    public let rows: [Int?]
    /// Whether the aspect says nothing of an item beside another one of which it says nothing: a motion in which nothing
    /// moves has a direction all the same, that of noise.
    let isSilent: [Bool]
    /// How much each group counts in each item's eyes; all the same if nil.
    private let weights: [[Float]?]?
    /// The item of each row, or -1.
    private let items: [Int]
    /// Rows of items, ascending; nil if all rows may be found.
    private let allowed: [Int]?

    /// Prepares to compare.
    ///
    /// - Parameters:
    ///   - index: Rows that are whole clips.
    ///   - threshold: The least score of two that are the same.
    ///   - rows: The row of each item; nil for an item that has none.
    ///   - silent: Items of which the aspect says nothing to each other, though they have rows.
    ///   - weights: How much each group counts in each item's eyes; of an item without a row nil.
    public init(
        _ index: DescriptorIndex,
        threshold: Float,
        rows: [Int?],
        silent: [Int] = [],
        weights: [[Float]?]? = nil
    ) {
        precondition(weights.map { $0.count == rows.count } ?? true, "weights of other items")
        (self.index, self.threshold) = (index, threshold)
        (self.rows, self.weights) = (rows, weights)
        var isSilent = rows.map { $0 == nil }
        for item in silent { isSilent[item] = true }
        self.isSilent = isSilent
        var items = [Int](repeating: -1, count: index.rowCount)
        for (item, row) in rows.enumerated() { if let row { items[row] = item } }
        self.items = items
        let own = items.indices.filter { items[$0] >= 0 }
        // A list costs its length in every search: not for a few rows that are left out.
        allowed = own.count * 2 > index.count ? nil : own
    }

    /// What the aspect says of two items.
    enum Word {
        /// Nothing: others decide.
        case none
        /// Their score does.
        case score
        /// They differ: it knows only one of them.
        case differ
    }

    /// What the aspect says of two items.
    func word(on a: Int, _ b: Int) -> Word {
        if isSilent[a], isSilent[b] { return .none }
        return rows[a] == nil || rows[b] == nil ? .differ : .score
    }

    /// What an item is compared with others by.
    func query(_ item: Int, _ row: Int) -> DescriptorQuery {
        index.query(row, weights: weights?[item])
    }

    /// The items nearest to one, itself not among them, that are alike enough in its eyes.
    ///
    /// - Returns: The items, and whether there may be more.
    func near(
        _ item: Int,
        _ query: DescriptorQuery,
        _ count: Int,
        _ method: SearchMethod
    ) -> (items: [Int], mayBeMore: Bool) {
        let found = index.nearest(query, count, allowed: allowed, method: method).neighbours
        let alike = found.prefix { $0.score >= threshold }
        return (
            alike.map { items[$0.row] }.filter { $0 >= 0 && $0 != item },
            alike.count == count
        )
    }

    /// Scores of an item with others, each the lower one of both directions; all must have rows.
    func scores(_ item: Int, _ others: [Int], _ query: DescriptorQuery) -> [Float] {
        guard let row = rows[item] else { preconditionFailure("item \(item) has no row") }
        let scores = index.scores(of: others.compactMap { rows[$0] }, query)
        precondition(scores.count == others.count, "an item without a row is compared")
        guard weights != nil else { return scores }
        return zip(others, scores).map { other, score in
            guard let place = rows[other] else { return score }
            return min(score, index.scores(of: [row], self.query(other, place))[0])
        }
    }
}
