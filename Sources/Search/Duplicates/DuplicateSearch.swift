internal import Kernels

/// Items that are the same.
public struct DuplicateGroup: Sendable, Equatable {
    /// At least two, ascending.
    public let items: [Int]
    /// The least score of any two of them in each aspect; nil where the aspect says nothing of two of them.
    public let least: [Float?]
}

/// Finds items that are the same, among all of them.
///
/// Two items are the same if every aspect that has something to say of them finds them alike enough, and at least one has.
/// What is the same as a third one is in its group too, so that `least` may be lower than a threshold.
public struct DuplicateSearch: Sendable {
    /// Neighbours that are asked for at first; four times as many while all of them are alike.
    static let firstCount = 16

    private let aspects: [DuplicateAspect]
    private let count: Int

    /// Prepares a search in all of some aspects.
    ///
    /// - Parameter aspects: At least one; all of the same items.
    public init(_ aspects: [DuplicateAspect]) {
        precondition(!aspects.isEmpty, "no aspect to compare by")
        let count = aspects[0].rows.count
        precondition(aspects.allSatisfy { $0.rows.count == count }, "aspects of other items")
        self.count = count
        self.aspects = aspects
    }

    /// Compares all items.
    ///
    /// Of each item the neighbours in one aspect are enough, since the same items are alike in all of them: the search
    /// ends with the first aspect in which not all neighbours are alike.
    ///
    /// - Parameters:
    ///   - method: How neighbours are found; scores are always of all numbers.
    ///   - isSame: Is asked once, in either order, of two items that all aspects find alike; not of two that are in one
    ///     group already.
    ///   - onItem: Is told how many items are done; what it throws ends the search.
    /// - Returns: The groups, the largest first.
    public func groups(
        method: SearchMethod = .standard,
        isSame: (Int, Int) throws -> Bool,
        onItem: (Int) throws -> Void
    ) rethrows -> [DuplicateGroup] {
        var sets = DisjointSets(count)
        var refused: Set<Pair> = []
        for item in 0..<count {
            try onItem(item)
            let queries = queries(item)
            let others = candidates(item, queries, method)
                .filter { !sets.areJoined(item, $0) && !refused.contains(Pair(item, $0)) }
            for other in alike(item, others, queries) where !sets.areJoined(item, other) {
                if try isSame(item, other) {
                    sets.join(item, other)
                } else {
                    refused.insert(Pair(item, other))
                }
            }
        }
        return try sets.groups().map { items in
            try onItem(count)
            return DuplicateGroup(items: items, least: try least(items, onItem))
        }
    }

    /// Two items, whichever comes first.
    private struct Pair: Hashable {
        let first: Int
        let second: Int

        init(_ a: Int, _ b: Int) { (first, second) = (min(a, b), max(a, b)) }
    }

    /// What an item is compared by in each aspect that has a row of it.
    private func queries(_ item: Int) -> [DescriptorQuery?] {
        aspects.map { aspect in aspect.rows[item].map { aspect.query(item, $0) } }
    }

    /// Items that may be the same as one; none if no aspect has anything to say of it.
    private func candidates(
        _ item: Int,
        _ queries: [DescriptorQuery?],
        _ method: SearchMethod
    ) -> [Int] {
        let asked = zip(aspects, queries).filter { !$0.0.isSilent[item] }
        var wanted = Self.firstCount
        while !asked.isEmpty {
            for (aspect, query) in asked {
                guard let query else { continue }
                let found = aspect.near(item, query, wanted, method)
                guard found.mayBeMore else { return found.items }
            }
            wanted *= 4
        }
        return []
    }

    /// Those of some items that are alike enough in every aspect.
    private func alike(
        _ item: Int,
        _ others: [Int],
        _ queries: [DescriptorQuery?]
    ) -> [Int] {
        var others = others
        for (aspect, query) in zip(aspects, queries) where !others.isEmpty {
            let words = others.map { aspect.word(on: item, $0) }
            let compared = zip(others, words).filter { $0.1 == .score }.map(\.0)
            var alike = Set(zip(others, words).filter { $0.1 == .none }.map(\.0))
            if let query {
                let scores = aspect.scores(item, compared, query)
                alike.formUnion(zip(compared, scores).filter { $0.1 >= aspect.threshold }.map(\.0))
            }
            others = others.filter { alike.contains($0) }
        }
        return others
    }

    /// The least score of any two items in each aspect.
    private func least(_ items: [Int], _ onItem: (Int) throws -> Void) rethrows -> [Float?] {
        try aspects.map { aspect in
            var least: Float?
            for (place, item) in items.enumerated() {
                try onItem(count)
                guard let row = aspect.rows[item] else { continue }
                let others = items[(place + 1)...].filter { aspect.word(on: item, $0) == .score }
                let scores = aspect.scores(item, others, aspect.query(item, row))
                if let lowest = scores.min() { least = min(least ?? lowest, lowest) }
            }
            return least
        }
    }
}
