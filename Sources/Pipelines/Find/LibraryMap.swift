internal import Kernels
internal import Packs
internal import Search
internal import Store

extension Session {
    /// What a map is at.
    public enum MapStage: String, Sendable {
        /// Every clip's neighbours are looked for.
        case neighbours
        /// Clips are moved to their places.
        case layout
    }

    private static let shownNeighbours = 6
    private static let trustNeighbours = 10
    private static let trustSample = 300

    /// Lays clips out on a plane.
    ///
    /// - Parameters:
    ///   - request: What is mapped.
    ///   - cancellation: Stops between two steps.
    ///   - onProgress: Is told the stage and the share of it that is done.
    /// - Returns: The map; without clips if none meets the conditions.
    /// - Throws: `StoreError`, `PackError`, `InterruptedError`.
    public func map(
        _ request: MapRequest,
        cancellation: Cancellation = Cancellation(),
        onProgress: (MapStage, Double) -> Void = { _, _ in }
    ) throws -> LibraryMap {
        ThreadPool.prepareForScans()
        let pack = try pack(request.pack)
        var notes: [String] = []
        let source = LibraryIndex(
            self,
            pack,
            request.aspect,
            cancellation: cancellation,
            onNote: { notes.append($0) }
        )
        var chosen = try ComparedClips(source, request.filter)
        let clips = try library.clips(ofAssets: chosen.assets.map(\.number))
        // One may have been removed meanwhile.
        chosen.keep { clips[$0.number] != nil }
        let weights = try weights(chosen)
        let graph = try NeighbourGraph(
            chosen.index,
            rows: chosen.rows,
            weights: weights,
            k: MapLayout.neighbourCount
        ) { done in
            try cancellation.check()
            onProgress(.neighbours, Double(done) / Double(chosen.rows.count))
        }
        let points = try MapLayout.points(
            chosen.index,
            rows: chosen.rows,
            graph: graph,
            seed: request.seed
        ) { share in
            try cancellation.check()
            onProgress(.layout, share)
        }
        let labels = try labels(chosen.assets.compactMap { clips[$0.number] }, request.label)
        let mapped = chosen.assets.indices.compactMap { place -> MappedClip? in
            guard let clip = clips[chosen.assets[place].number] else { return nil }
            return MappedClip(
                clip: clip,
                x: points[place].x,
                y: points[place].y,
                label: labels[place],
                neighbours: zip(graph.neighbours[place], graph.scores[place])
                    .prefix(Self.shownNeighbours).map { (place: $0, score: Double($1)) }
            )
        }
        return LibraryMap(
            clips: mapped,
            aspect: request.aspect,
            pack: pack.manifest.name,
            label: request.label,
            seed: request.seed,
            trustworthiness: try trust(points, chosen, weights, cancellation),
            notes: notes
        )
    }

    /// How much each cell counts in the eyes of each clip; nil if all of an aspect's groups do alike.
    private func weights(_ chosen: ComparedClips) throws -> [[Float]]? {
        guard chosen.source.aspect == .motion else { return nil }
        let motions = try ClipMotions(chosen.source, chosen.assets)
        let even = [Float](repeating: 1, count: chosen.index.layout.groups)
        return chosen.assets.map { motions.weights[$0.clip] ?? even }
    }

    /// Measured on places from all over the map, against scores of all clips.
    private func trust(
        _ points: [MapPoint],
        _ chosen: ComparedClips,
        _ weights: [[Float]]?,
        _ cancellation: Cancellation
    ) throws -> Double? {
        let count = chosen.rows.count
        guard count > 2 * Self.trustNeighbours + 2 else { return nil }
        let step = max(1, count / Self.trustSample)
        return try MapQuality.trustworthiness(
            points,
            k: Self.trustNeighbours,
            asked: Array(stride(from: 0, to: count, by: step))
        ) { place in
            try cancellation.check()
            let query = chosen.index.query(chosen.rows[place], weights: weights?[place])
            return chosen.index.scores(of: chosen.rows, query)
        }
    }

    /// What each clip is coloured by: of several words the one that most clips have.
    private func labels(_ clips: [Clip], _ label: MapRequest.Label) throws -> [String?] {
        let words: [[String]]
        switch label {
        case .tag: words = clips.map(\.tags)
        case .base: words = clips.map { [$0.baseName] }
        case .collection:
            var names: [ClipID: [String]] = [:]
            for collection in try library.collections() {
                var filter = ClipFilter()
                filter.collection = collection.name
                for clip in try library.clips(filter) {
                    names[clip.id, default: []].append(collection.name)
                }
            }
            words = clips.map { names[$0.id] ?? [] }
        }
        var counts: [String: Int] = [:]
        for word in words.joined() { counts[word, default: 0] += 1 }
        return words.map { own in
            own.min { ((counts[$1] ?? 0), $0) < ((counts[$0] ?? 0), $1) }
        }
    }
}
