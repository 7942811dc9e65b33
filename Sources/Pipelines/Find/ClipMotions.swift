internal import Packs
internal import Search
internal import Store
internal import Tensors

/// How much moves in the clips of a pack, and where.
struct ClipMotions {
    /// A clip stands still if the cell that moves most in it moves less than this share of what the livelier clips of the
    /// library reach; docs/map-and-duplicates.md has the distributions.
    static let stillShare: Float = 0.15
    /// Clips that the measure is taken from.
    private static let sample = 1_024

    /// How much each cell counts when a clip is compared: the root of its energy.
    private(set) var weights: [ClipID: [Float]] = [:]
    private var strongest: [ClipID: Float] = [:]
    private let liveliest: Float

    /// Reads what moves in some clips.
    ///
    /// - Parameters:
    ///   - source: The index of whole motions.
    ///   - assets: The dynamics of the clips.
    /// - Throws: `StoreError`, `PackError`, `InterruptedError`.
    init(_ source: LibraryIndex, _ assets: [IndexedAsset]) throws {
        let first = try source.session.library.indexedAssets(
            SearchAspect.motion.asset,
            packFingerprint: source.pack.pack.fingerprint,
            after: 0,
            limit: Self.sample
        )
        var known: [Float] = []
        try Self.forEach(first, source) { _, energy in known.append(energy.max() ?? 0) }
        // Three quarters of a library may stand still, and it is known all the same what moves.
        liveliest = known.isEmpty ? 0 : known.sorted()[known.count * 3 / 4]
        var (weights, strongest) = (self.weights, self.strongest)
        try Self.forEach(assets, source) { clip, energy in
            weights[clip] = energy.map { $0.squareRoot() }
            strongest[clip] = energy.max() ?? 0
        }
        (self.weights, self.strongest) = (weights, strongest)
    }

    /// Whether a clip moves at all; one without motion does not.
    func moves(_ clip: ClipID) -> Bool {
        strongest[clip].map { $0 > 0 && $0 >= Self.stillShare * liveliest } ?? false
    }

    private static func forEach(
        _ assets: [IndexedAsset],
        _ source: LibraryIndex,
        _ body: (ClipID, [Float]) -> Void
    ) throws {
        for start in stride(from: 0, to: assets.count, by: LibraryIndex.batch) {
            try source.cancellation.check()
            let part = Array(assets[start..<min(start + LibraryIndex.batch, assets.count)])
            let summaries = try source.summaries(part)
            for asset in part {
                if let summary = summaries[asset.clip] {
                    body(asset.clip, MotionSummary.energy(summary))
                }
            }
        }
    }
}
