internal import Kernels

/// How far sketches are off, learnt from rows that were compared by all their numbers, whatever their sketches say.
///
/// The estimate is about `slope` times the score; what is left has a deviation of `deviation`. Rows chosen by their
/// estimates would not do: they are those that sketches overrate.
struct SketchErrors {
    /// Standard errors against a row that is found all the same: of rows that just belong to the answer about one in
    /// forty is missed, of better ones fewer.
    static let margin = 2.0

    private var (squares, slope, deviation) = (0.0, 0.0, 0.0)

    /// Learns from rows from all over an index.
    init(estimates: [Float], scores: [Float]) {
        var (products, own) = (0.0, 0.0)
        for (estimate, score) in zip(estimates, scores) {
            products += Double(estimate) * Double(score)
            squares += Double(score) * Double(score)
            own += Double(estimate) * Double(estimate)
        }
        guard squares > 0, !estimates.isEmpty else { return }
        slope = products / squares
        deviation = (max(0, own - slope * products) / Double(estimates.count)).squareRoot()
    }

    /// The least estimate that a row whose score is `score` or more can have, within the margin.
    func leastEstimate(of score: Float) -> Float {
        guard squares > 0, slope > 0 else { return -.infinity }
        let score = Double(score)
        // The slope itself is not known better than this.
        let error = deviation * (1 + score * score / squares).squareRoot()
        return Float(slope * score - Self.margin * error)
    }
}

extension DescriptorIndex {
    /// Rows that are compared at first, for each that is asked for.
    private static let firstRows = 16
    /// Compares rows in the order of what their sketches say.
    ///
    /// - Returns: How many were compared by all their numbers.
    func scanSketches(
        _ query: DescriptorQuery,
        _ allowed: [Int]?,
        into best: inout BestRows
    ) -> Int {
        var estimates = sketchScores(query)
        exclude(allowed, from: &estimates)
        let rows = allowed?.count ?? count
        let probes = probes(estimates, allowed)
        let errors = SketchErrors(
            estimates: probes.map { estimates[Int($0)] },
            scores: offer(ascending: probes, query, to: &best)
        )
        for probe in probes { estimates[Int(probe)] = .nan }
        // Chunk by chunk, each from where the last one ended down to an estimate.
        let order = EstimateOrder(estimates)
        var upper = order.value(ofRank: max(256, Self.firstRows * best.limit))
        let first = DescriptorKernel.places(in: estimates, upper..<Float.infinity)
        offer(ascending: first, query, to: &best)
        var compared = probes.count + first.count
        func least() -> Float { best.threshold.map(errors.leastEstimate) ?? -.infinity }
        guard least() < upper else { return compared }
        // The threshold only rises: no other rows are ever needed.
        let rest = DescriptorKernel.places(in: estimates, least()..<upper)
        let values = rest.map { estimates[Int($0)] }
        while least() < upper, compared < rows {
            // The first threshold may be low: not further at once than four times as many rows.
            let lower = min(upper, max(least(), order.value(ofRank: 4 * compared)))
            let chunk = DescriptorKernel.places(in: values, lower..<upper)
            offer(ascending: chunk.map { rest[Int($0)] }, query, to: &best)
            compared += chunk.count
            upper = lower
        }
        return compared
    }

    /// Compares rows by all their numbers.
    ///
    /// - Returns: Their scores.
    @discardableResult
    private func offer(
        ascending rows: [UInt32],
        _ query: DescriptorQuery,
        to best: inout BestRows
    ) -> [Float] {
        let scores = scores(ofAscending: rows, query)
        for (row, score) in zip(rows, scores) where best.wants(score, Int(row)) {
            best.add(score, Int(row), isWhole: isWhole(Int(row)))
        }
        return scores
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

    /// Makes the estimates of rows that may not be found NaN.
    private func exclude(_ allowed: [Int]?, from estimates: inout [Float]) {
        guard let allowed else {
            for row in removed { estimates[Int(row)] = .nan }
            return
        }
        var next = 0
        for row in allowed + [estimates.count] {
            for gap in next..<max(next, row) { estimates[gap] = .nan }
            next = row + 1
        }
    }

    /// Rows from all over the index that may be found, ascending.
    private func probes(_ estimates: [Float], _ allowed: [Int]?) -> [UInt32] {
        if let allowed {
            let step = max(1, allowed.count / Self.probes)
            return stride(from: 0, to: allowed.count, by: step).map { UInt32(allowed[$0]) }
        }
        let step = max(1, estimates.count / Self.probes)
        return stride(from: 0, to: estimates.count, by: step)
            .filter { !estimates[$0].isNaN }.map { UInt32($0) }
    }
}

/// How estimates are spread: which one has about a rank.
///
/// A sample of them, evenly spaced, says it.
private struct EstimateOrder {
    private static let sampleCount = 1_024
    private let step: Int
    /// Descending.
    private let sample: [Float]

    init(_ values: [Float]) {
        let step = max(1, values.count / Self.sampleCount)
        self.step = step
        sample = (0..<values.count / step).map { values[$0 * step] }.filter { !$0.isNaN }
            .sorted(by: >)
    }

    /// A value that about so many are not below; minus infinity if there are fewer.
    func value(ofRank rank: Int) -> Float {
        // Of fewer than four the place would be mostly chance.
        let place = max(4, (rank + step - 1) / step)
        return place < sample.count ? sample[place - 1] : -.infinity
    }
}
