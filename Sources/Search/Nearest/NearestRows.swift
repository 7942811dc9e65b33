public import Kernels

/// A row that was found, and how near it is.
public struct Neighbour: Sendable, Hashable {
    /// The row in its index.
    public let row: Int
    /// The weighted mean of the groups' cosines, -1...1.
    public let score: Float
}

/// What a search did.
public struct SearchOutcome: Sendable {
    /// The nearest rows, the nearest first; of equal ones the earlier row.
    public var neighbours: [Neighbour]
    /// How many rows could be answers.
    public var candidates: Int
    /// How many of them were compared by all their numbers.
    public var compared: Int
    /// Rows that would be answers, or have no score, and are not what was written: the index is to be built anew.
    public var damaged: Int
}

/// How a search goes about it.
public enum SearchMethod: Sendable {
    /// By sketches where there are enough rows for them to pay, else all rows.
    case standard
    /// All rows by all their numbers.
    case exact
}

extension DescriptorIndex {
    /// Below this many rows all are compared.
    public static let sketchThreshold = 4_096

    /// Finds the rows that are nearest to a query.
    ///
    /// With sketches the rows are compared in the order of their estimates until the next estimate is so low that even
    /// with `SketchErrors.margin` standard errors in its favour it would not be among the k best.
    ///
    /// - Parameters:
    ///   - query: What is looked for.
    ///   - k: How many rows, at most; fewer if there are fewer.
    ///   - allowed: Rows that may be found, ascending; nil for all.
    ///   - method: How.
    /// - Returns: The rows. A row whose bytes are not what was written is never one of them.
    public func nearest(
        _ query: DescriptorQuery,
        _ k: Int,
        allowed: [Int]? = nil,
        method: SearchMethod = .standard
    ) -> SearchOutcome {
        let allowed = removed.isEmpty ? allowed : allowed?.filter { !isRemoved($0) }
        let candidates = allowed?.count ?? count
        let k = min(k, candidates)
        guard k > 0, candidates > 0, !query.groups.isEmpty else {
            return SearchOutcome(
                neighbours: [],
                candidates: candidates,
                compared: 0,
                damaged: 0
            )
        }
        // The few rows of a selective filter are looked at one by one.
        if let allowed, allowed.count < max(Self.sketchThreshold, rowCount / 32) {
            var best = BestRows(k)
            offer(allowed, query, to: &best)
            return SearchOutcome(
                neighbours: best.sorted,
                candidates: candidates,
                compared: candidates,
                damaged: best.damaged
            )
        }
        guard rowCount >= Self.sketchThreshold else {
            return scan(query, k, allowed, .exact, candidates)
        }
        // A scan for each segment and each chunk: threads stay awake between them.
        return ThreadPool.crew { scan(query, k, allowed, method, candidates) }
    }

    private func scan(
        _ query: DescriptorQuery,
        _ k: Int,
        _ allowed: [Int]?,
        _ method: SearchMethod,
        _ candidates: Int
    ) -> SearchOutcome {
        var best = BestRows(k)
        var compared = candidates
        switch method {
        case .exact: scanAll(query, allowed, into: &best)
        case .standard: compared = scanSketches(query, allowed, into: &best)
        }
        return SearchOutcome(
            neighbours: best.sorted,
            candidates: candidates,
            compared: compared,
            damaged: best.damaged
        )
    }

    /// The exact scores of some rows, in their order.
    public func scores(of rows: [Int], _ query: DescriptorQuery) -> [Float] {
        if zip(rows, rows.dropFirst()).allSatisfy({ $0 <= $1 }) {
            return scores(ofAscending: rows.map { UInt32($0) }, query)
        }
        let order = rows.indices.sorted { rows[$0] < rows[$1] }
        let sorted = scores(ofAscending: order.map { UInt32(rows[$0]) }, query)
        var scores = [Float](repeating: 0, count: rows.count)
        for (place, score) in zip(order, sorted) { scores[place] = score }
        return scores
    }

    /// The exact scores of rows that come in order.
    func scores(ofAscending rows: [UInt32], _ query: DescriptorQuery) -> [Float] {
        guard segments.count > 1 else {
            return segments.first?.scores(of: rows, query) ?? []
        }
        var scores: [Float] = []
        scores.reserveCapacity(rows.count)
        var first = 0
        for (segment, start) in zip(segments, starts) where first < rows.count {
            let end = rows.firstPlace(notBefore: UInt32(start + segment.count))
            guard first < end else { continue }
            scores += segment.scores(of: rows[first..<end].map { $0 - UInt32(start) }, query)
            first = end
        }
        return scores
    }

    /// Compares some rows by all their numbers.
    func offer(_ rows: [Int], _ query: DescriptorQuery, to best: inout BestRows) {
        for (row, score) in zip(rows, scores(of: rows, query)) where best.wants(score, row) {
            best.add(score, row, isWhole: isWhole(row))
        }
    }

    private func scanAll(_ query: DescriptorQuery, _ allowed: [Int]?, into best: inout BestRows) {
        for (segment, start) in zip(segments, starts) {
            let scores = [Float](unsafeUninitializedCapacity: segment.count) { scores, count in
                let part = UnsafeMutableBufferPointer(rebasing: scores[..<segment.count])
                segment.withRows { DescriptorKernel.scan($0, layout, query, into: part) }
                count = segment.count
            }
            forEachCandidate(start..<start + segment.count, allowed) { row in
                let score = scores[row - start]
                if best.wants(score, row) {
                    best.add(score, row, isWhole: segment.isWhole(row - start))
                }
            }
        }
    }

    /// Rows of a range that may be found, in order.
    func forEachCandidate(_ range: Range<Int>, _ allowed: [Int]?, _ body: (Int) -> Void) {
        if let allowed {
            for row in allowed[allowed.firstPlace(notBefore: range.lowerBound)...] {
                guard row < range.upperBound else { return }
                body(row)
            }
            return
        }
        var gone = removed.firstPlace(notBefore: UInt32(range.lowerBound))
        for row in range {
            if gone < removed.count, removed[gone] == UInt32(row) {
                gone += 1
            } else {
                body(row)
            }
        }
    }
}

extension Array where Element: Comparable {
    /// The first place of an ascending array whose value is not less.
    func firstPlace(notBefore value: Element) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// The best rows so far, the worst of them on top of a heap.
struct BestRows {
    let limit: Int
    private var heap: [Neighbour] = []
    /// Wanted rows that are not what was written.
    private(set) var damaged = 0

    init(_ limit: Int) { self.limit = limit }

    /// The score that a row must beat; nil while there is room.
    var threshold: Float? { heap.count < limit ? nil : heap[0].score }

    var sorted: [Neighbour] { heap.sorted { Self.isWorse($1, $0) } }

    /// Of equal scores the earlier row is the better one.
    private static func isWorse(_ a: Neighbour, _ b: Neighbour) -> Bool {
        a.score != b.score ? a.score < b.score : a.row > b.row
    }

    /// Whether a row has to be looked at: one that belongs to the best, or whose score no sound row can have.
    @inline(__always)
    func wants(_ score: Float, _ row: Int) -> Bool {
        guard heap.count == limit, score >= -2 else { return true }
        return score > heap[0].score || (score == heap[0].score && row < heap[0].row)
    }

    /// Takes in a wanted row; one that is not what was written is only counted, one without a score left out.
    mutating func add(_ score: Float, _ row: Int, isWhole: Bool) {
        guard isWhole else {
            damaged += 1
            return
        }
        guard score.isFinite else { return }
        let new = Neighbour(row: row, score: score)
        if heap.count < limit {
            heap.append(new)
            var child = heap.count - 1
            while child > 0, Self.isWorse(heap[child], heap[(child - 1) / 2]) {
                heap.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
            return
        }
        heap[0] = new
        var parent = 0
        while true {
            var worst = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && Self.isWorse(heap[child], heap[worst]) {
                worst = child
            }
            guard worst != parent else { return }
            heap.swapAt(parent, worst)
            parent = worst
        }
    }
}
