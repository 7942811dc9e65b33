internal import Kernels

/// How far sketches are off, learnt from the rows that were compared by all their numbers.
///
/// The estimate is about `slope` times the score; what is left has a deviation. It is the estimate that is explained by the
/// score, not the other way round: among rows of one estimate most have a low score, for there are more of those.
struct SketchErrors {
    /// Standard errors that a row's estimate may lie too low: of rows that just belong to the answer about one in a hundred
    /// is missed, of better ones fewer.
    static let margin = 2.33

    private var (products, squares, own, count) = (0.0, 0.0, 0.0, 0.0)

    mutating func add(_ estimates: [Float], _ scores: [Float]) {
        for (estimate, score) in zip(estimates, scores) {
            products += Double(estimate) * Double(score)
            squares += Double(score) * Double(score)
            own += Double(estimate) * Double(estimate)
            count += 1
        }
    }

    /// The least estimate that a row whose score is `score` or more can have, within the margin.
    func leastEstimate(of score: Float) -> Float {
        guard squares > 0, count > 1 else { return -.infinity }
        let slope = products / squares
        let deviation = (max(0, own - slope * products) / count).squareRoot()
        return Float(slope * Double(score) - Self.margin * deviation)
    }
}

extension DescriptorIndex {
    /// Rows that are compared at first, for each that is asked for.
    private static let firstRows = 16
    /// Rows from all over the index that are compared to learn how far sketches are off.
    private static let probes = 512

    /// Compares rows in the order of what their sketches say.
    ///
    /// - Returns: How many were compared by all their numbers.
    func scanSketches(
        _ query: DescriptorQuery,
        _ allowed: [Int]?,
        into best: inout BestRows
    ) -> Int {
        let estimates = sketchScores(query)
        let (rows, values) = candidates(estimates, allowed)
        let order = EstimateOrder(values)
        var errors = SketchErrors()
        let probes = stride(from: 0, to: rows.count, by: max(1, rows.count / Self.probes))
            .map { rows[$0] }
        errors.add(probes.map { estimates[$0] }, scores(of: probes, query))
        // Chunk by chunk, each from where the last one ended down to an estimate.
        var compared = 0
        var upper = Float.infinity
        var lower = order.value(ofRank: max(256, Self.firstRows * best.limit))
        while true {
            let chunk = values.indices.filter { values[$0] >= lower && values[$0] < upper }
                .map { rows[$0] }
            let exact = scores(of: chunk, query)
            errors.add(chunk.map { estimates[$0] }, exact)
            for (row, score) in zip(chunk, exact) where best.wants(score, row) && isWhole(row) {
                best.add(score, row)
            }
            compared += chunk.count
            upper = lower
            guard let threshold = best.threshold else {
                guard compared < rows.count else { return compared }
                lower = order.value(ofRank: 4 * compared)
                continue
            }
            let least = errors.leastEstimate(of: threshold)
            guard least < upper, compared < rows.count else { return compared }
            // A first threshold may be low: not further at once than four times as many rows.
            lower = max(least, order.value(ofRank: 4 * compared))
            guard lower < upper else { return compared }
        }
    }

    /// Estimates of all rows.
    private func sketchScores(_ query: DescriptorQuery) -> [Float] {
        let block = DescriptorKernel.sketchRows
        // Each segment fills whole blocks; but for the last one, segments are whole blocks.
        let room = rowCount + segments.count * block
        return [Float](unsafeUninitializedCapacity: room) { scores, count in
            for (segment, start) in zip(segments, starts) {
                let whole = (segment.count + block - 1) / block * block
                let part = UnsafeMutableBufferPointer(rebasing: scores[start..<start + whole])
                segment.withSketch { DescriptorKernel.scanSketch($0, layout, query, into: part) }
            }
            count = rowCount
        }
    }

    /// The rows that may be found, and their estimates.
    private func candidates(_ estimates: [Float], _ allowed: [Int]?) -> ([Int], [Float]) {
        if allowed == nil, removed.isEmpty { return (Array(0..<rowCount), estimates) }
        var rows: [Int] = []
        forEachCandidate(0..<rowCount, allowed) { rows.append($0) }
        return (rows, rows.map { estimates[$0] })
    }
}

/// How estimates are spread: which one has about a rank.
private struct EstimateOrder {
    private static let bins = 4_096
    private let low: Float
    private let width: Float
    /// How many values lie in a bin or above it.
    private let above: [Int]

    init(_ values: [Float]) {
        low = values.min() ?? 0
        let high = values.max() ?? 0
        width = max((high - low) / Float(Self.bins), .leastNormalMagnitude)
        var counts = [Int](repeating: 0, count: Self.bins)
        for value in values { counts[min(Self.bins - 1, Int((value - low) / width))] += 1 }
        var sum = 0
        for bin in (0..<Self.bins).reversed() {
            sum += counts[bin]
            counts[bin] = sum
        }
        above = counts
    }

    /// A value that at least so many are not below; minus infinity if there are fewer.
    func value(ofRank rank: Int) -> Float {
        guard let bin = above.lastIndex(where: { $0 >= rank }), bin > 0 else { return -.infinity }
        return low + Float(bin) * width
    }
}
