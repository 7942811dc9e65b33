internal import Kernels
internal import Packs
internal import Search
internal import Store
internal import Tensors

extension Session {
    /// Clips that are looked at once more, for each that is wanted.
    static let refinedPerHit = 3

    /// Finds the best parts of clips once more, as long as the reference and at finer steps.
    ///
    /// - Parameters:
    ///   - hits: What an index of parts found.
    ///   - searches: Only one of parts is refined.
    ///   - code: The reference.
    ///   - count: How many are wanted.
    /// - Returns: The best, each with its part; the first hits as they are if they are whole clips.
    /// - Throws: `StoreError`, `PackError`, `InterruptedError`.
    func refined(
        _ hits: [SearchHit],
        _ searches: [AspectSearch],
        _ code: ReferenceCode?,
        _ count: Int
    ) throws -> [SearchHit] {
        let search = searches[0]
        guard searches.count == 1, let windows = search.source.windows, let seconds = code?.seconds
        else { return Array(hits.prefix(count)) }
        let assets = try library.indexedAssets(hits.map(\.asset))
        let clips = Dictionary(assets.map { ($0.number, $0) }, uniquingKeysWith: { $1 })
        let dynamics = try library.tensors(
            .dynamics,
            ofClips: assets.map(\.clip),
            packFingerprint: search.source.pack.pack.fingerprint
        )
        let space = try SearchAspect.motion.space(
            of: search.source.pack.manifest,
            centre: search.index.centre
        )
        let found = try hits.map { hit -> SearchHit in
            guard let clip = clips[hit.asset] else { return hit }
            var hit = hit
            let starts = Self.starts(around: hit.part, windows, clip.duration, seconds)
            guard !starts.isEmpty, let motion = dynamics[clip.clip]?.double else {
                hit.part = hit.part.map { $0.clamped(to: 0...clip.duration) }
                return hit
            }
            let rows = try search.source.rows(ofWindows: starts, seconds, hit.asset, motion, space)
            let scores = DescriptorIndex(empty: search.index.identity)
                .adding(rows, watermark: hit.asset).scores(of: Array(rows.indices), search.query)
            guard let best = scores.indices.max(by: { scores[$0] < scores[$1] }) else { return hit }
            hit.score = Double(scores[best])
            hit.part = starts[best]...starts[best] + seconds
            return hit
        }
        let ranked = found.sorted { ($1.score, $0.asset) < ($0.score, $1.asset) }
        return Array(ranked.prefix(count))
    }

    /// Where parts begin that may fit better than one that was found; none if the clip is no longer than the reference.
    private static func starts(
        around part: ClosedRange<Double>?,
        _ windows: MotionWindows,
        _ duration: Double,
        _ seconds: Double
    ) -> [Double] {
        guard let part, duration > 1.02 * seconds else { return [] }
        let middle = min(part.lowerBound, duration - seconds)
        let step = windows.length / 16
        let starts = (-4...4).map { min(max(0, middle + Double($0) * step), duration - seconds) }
        return Array(Set(starts)).sorted()
    }
}
