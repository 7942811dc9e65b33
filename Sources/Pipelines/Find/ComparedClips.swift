internal import Packs
internal import Search
internal import Store

/// The clips of a pack that have a row in an index and meet conditions.
struct ComparedClips {
    /// What they are compared by.
    let source: LibraryIndex
    /// Their descriptors.
    let index: DescriptorIndex
    /// The clips in order of their numbers.
    private(set) var assets: [IndexedAsset]
    /// The row of each of them.
    private(set) var rows: [Int]

    /// Brings an index up to date and chooses clips.
    ///
    /// - Throws: `StoreError`, `PackError` if the pack lacks the network, `InterruptedError`, `SearchError`.
    init(_ source: LibraryIndex, _ filter: ClipFilter) throws {
        self.source = source
        let current = try source.current()
        // All rows are read anyway.
        index = current.hasWholeRows ? current : try source.repaired(current)
        let library = source.session.library
        let (kind, pack) = (source.aspect.asset, source.pack.pack.fingerprint)
        let chosen =
            filter == ClipFilter()
            ? nil
            : Set(try library.assetNumbers(kind, packFingerprint: pack, ofClips: filter))
        var rowOfAsset: [Int64: Int] = [:]
        index.forEachEntry { row, entry in rowOfAsset[entry.asset] = row }
        var (assets, rows): ([IndexedAsset], [Int]) = ([], [])
        var last: Int64 = 0
        while true {
            try source.cancellation.check()
            let batch = try library.indexedAssets(
                kind,
                packFingerprint: pack,
                after: last,
                limit: LibraryIndex.batch
            )
            guard let end = batch.last else { break }
            last = end.number
            for asset in batch where chosen?.contains(asset.number) ?? true {
                // A clip that was added meanwhile, or whose motion cannot be followed, has no row.
                guard let row = rowOfAsset[asset.number] else { continue }
                assets.append(asset)
                rows.append(row)
            }
        }
        (self.assets, self.rows) = (assets, rows)
    }

    /// Leaves out what fails a test.
    mutating func keep(_ isWanted: (IndexedAsset) -> Bool) {
        let kept = assets.indices.filter { isWanted(assets[$0]) }
        guard kept.count < assets.count else { return }
        (assets, rows) = (kept.map { assets[$0] }, kept.map { rows[$0] })
    }
}
