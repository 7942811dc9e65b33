internal import Kernels
internal import Packs
internal import Search
internal import Store

/// One aspect of a search: an index and what is compared with its rows.
struct AspectSearch {
    let source: LibraryIndex
    private(set) var index: DescriptorIndex
    let query: DescriptorQuery
    /// How much it counts beside another one.
    var share = 1.0

    init(source: LibraryIndex, index: DescriptorIndex, query: DescriptorQuery) {
        (self.source, self.index, self.query) = (source, index, query)
    }

    /// Takes in what changed in the library.
    mutating func refresh() throws { index = try source.current() }

    /// Builds the index anew after rows were found that are not what was written.
    mutating func repair() throws { index = try source.repaired(index) }

    /// The asset of a row, its score, and the part of the clip that is meant.
    func hit(_ row: Int, _ score: Double) -> SearchHit {
        let entry = index.entry(row)
        let start = Double(entry.start) / 1_000
        return SearchHit(
            asset: entry.asset,
            score: score,
            part: source.windows.map { start...start + $0.length }
        )
    }

    /// The best rows, one of each asset.
    ///
    /// - Parameters:
    ///   - count: How many assets, no more than a few times as many as there are.
    ///   - allowed: Rows that may be found, ascending; nil for all.
    ///   - excluded: An asset that is no answer.
    ///   - isExact: Whether all rows are compared by all their numbers.
    /// - Returns: The rows, how many were compared by all their numbers, and how many were not what was written.
    func nearest(
        _ count: Int,
        allowed: [Int]?,
        excluded: Int64?,
        isExact: Bool
    ) -> (hits: [SearchHit], compared: Int, damaged: Int) {
        let own = excluded.map { index.rows(of: $0).count } ?? 0
        // A clip has several rows where they are windows.
        var wanted = source.windows == nil ? count + own : 4 * count + own
        while true {
            let outcome = index.nearest(
                query,
                wanted,
                allowed: allowed,
                method: isExact ? .exact : .standard
            )
            var seen: Set<Int64> = []
            var hits: [SearchHit] = []
            for neighbour in outcome.neighbours {
                let hit = hit(neighbour.row, Double(neighbour.score))
                guard hit.asset != excluded, seen.insert(hit.asset).inserted else { continue }
                hits.append(hit)
            }
            if hits.count >= count || outcome.neighbours.count < wanted {
                return (Array(hits.prefix(count)), outcome.compared, outcome.damaged)
            }
            wanted *= 4
        }
    }

    /// How scores are spread over the library: their mean and deviation, from rows all over it.
    var spread: (mean: Double, deviation: Double) {
        let step = max(1, index.rowCount / 1_024)
        let rows = stride(from: 0, to: index.rowCount, by: step).filter(index.isWhole)
        let scores = index.scores(of: rows, query).map { Double($0) }.filter(\.isFinite)
        guard scores.count > 1 else { return (0, 1) }
        let mean = scores.reduce(0, +) / Double(scores.count)
        let square = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(scores.count)
        return (mean, square > 1e-12 ? square.squareRoot() : 1)
    }
}

/// A row that was found.
struct SearchHit {
    let asset: Int64
    var score: Double
    var part: ClosedRange<Double>?
}

extension Session {
    /// What searches found together.
    struct Hits {
        var hits: [SearchHit]
        var candidates: Int
        var compared: Int
        /// The places of searches that met rows which are not what was written.
        var damaged: Set<Int> = []
    }

    /// The clips that one or two searches find.
    func nearest(
        _ searches: [AspectSearch],
        _ request: FindRequest,
        _ own: ClipID?,
        _ pack: LoadedPack
    ) throws -> Hits {
        let fingerprint = pack.pack.fingerprint
        let hasFilter = request.filter != ClipFilter()
        func number(_ clip: ClipID?, _ aspect: SearchAspect) throws -> Int64? {
            guard let clip else { return nil }
            return try library.assetNumbers(aspect.asset, ofClips: [clip])[clip]
        }
        func allowed(_ search: AspectSearch) throws -> [Int]? {
            guard hasFilter else { return nil }
            let numbers = try library.assetNumbers(
                search.source.aspect.asset,
                packFingerprint: fingerprint,
                ofClips: request.filter
            )
            return search.index.rows(ofAssets: numbers)
        }
        func run(_ place: Int, _ count: Int) throws -> Hits {
            let search = searches[place]
            let allowed = try allowed(search)
            let excluded = try number(own, search.source.aspect)
            let found = search.nearest(
                count,
                allowed: allowed,
                excluded: excluded,
                isExact: request.isExact
            )
            let all = allowed ?? []
            let ownRows = excluded.map { search.index.rows(of: $0) } ?? []
            let candidates =
                hasFilter
                ? all.count - ownRows.count { all.contains($0) }
                : search.index.count - ownRows.count
            return Hits(
                hits: found.hits,
                candidates: candidates,
                compared: found.compared,
                damaged: found.damaged > 0 ? [place] : []
            )
        }
        // No more than there are: any number may be asked for.
        let count = min(request.count, searches.map(\.index.rowCount).max() ?? 0)
        guard searches.count == 2 else {
            return try run(0, request.anywhere ? Self.refinedPerHit * count : count)
        }
        let found = try searches.indices.map { try run($0, max(200, 10 * count)) }
        return try together(searches, request, found)
    }

    /// Ranks what either of two searches found by both.
    ///
    /// Cosines of words with pictures lie in a narrow band, those of motions do not: each is counted in standard deviations
    /// above the library's mean.
    private func together(
        _ searches: [AspectSearch],
        _ request: FindRequest,
        _ found: [Hits]
    ) throws -> Hits {
        var clips: Set<ClipID> = []
        for hits in found {
            clips.formUnion(try library.clips(ofAssets: hits.hits.map(\.asset)).values.map(\.id))
        }
        var damaged = found.reduce(into: Set<Int>()) { $0.formUnion($1.damaged) }
        // The best row of each clip in each search, and its score in deviations.
        let rows = try searches.enumerated().map { place, search in
            let spread = search.spread
            let kind = search.source.aspect.asset
            return try library.assetNumbers(kind, ofClips: Array(clips)).compactMapValues {
                number in
                // As many as there are, so that each of them is compared with its checksum.
                let rows = search.index.rows(of: number)
                let found = search.index.nearest(search.query, rows.count, allowed: rows)
                if found.damaged > 0 { damaged.insert(place) }
                return found.neighbours.first.map {
                    (row: $0.row, score: (Double($0.score) - spread.mean) / spread.deviation)
                }
            }
        }
        // A clip that lacks one of the two is no answer.
        let ranked = clips.compactMap { clip -> SearchHit? in
            guard let first = rows[0][clip], let second = rows[1][clip] else { return nil }
            return searches[0]
                .hit(first.row, searches[0].share * first.score + searches[1].share * second.score)
        }
        let best = ranked.sorted { ($1.score, $0.asset) < ($0.score, $1.asset) }
        return Hits(
            hits: Array(best.prefix(request.count)),
            candidates: found[0].candidates,
            compared: found.reduce(0) { $0 + $1.compared },
            damaged: damaged
        )
    }
}
