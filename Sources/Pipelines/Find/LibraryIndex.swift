internal import Foundation
internal import Logging
internal import Packs
internal import Search
internal import Store
internal import Tensors

/// The index of one aspect of one pack's clips, and how it is kept in line with the library.
///
/// The catalogue is the truth. An index holds a row of each asset of a kind up to a number, its watermark; later assets are
/// added, rows of assets that are gone are taken out. What cannot be read or written, on a read-only disk or while another
/// process writes, is done in memory for this one search.
struct LibraryIndex {
    let session: Session
    let pack: LoadedPack
    let aspect: SearchAspect
    /// How clips are cut into windows, each with a row; nil for rows of whole clips.
    let windows: MotionWindows?
    let cancellation: Cancellation
    /// Is told what a person should know.
    let onNote: (String) -> Void

    /// Assets that are read at once.
    static let batch = 2_048

    init(
        _ session: Session,
        _ pack: LoadedPack,
        _ aspect: SearchAspect,
        windows: MotionWindows? = nil,
        cancellation: Cancellation = Cancellation(),
        onNote: @escaping (String) -> Void = { _ in }
    ) {
        (self.session, self.pack, self.aspect) = (session, pack, aspect)
        (self.windows, self.cancellation, self.onNote) = (windows, cancellation, onNote)
    }

    private var library: Library { session.library }
    private var fingerprint: String { pack.pack.fingerprint }

    /// Where its files lie.
    var folder: String {
        library.indexDirectory + "/" + fingerprint.prefix(12) + "/" + aspect.rawValue
            + (windows?.suffix ?? "")
    }

    /// What it holds.
    func identity() throws -> IndexIdentity {
        IndexIdentity(
            library: try library.indexIdentity(),
            pack: fingerprint,
            descriptor: aspect.descriptor + (windows?.suffix ?? ""),
            layout: try aspect.space(of: pack.manifest).layout
        )
    }

    /// The index with every clip of the library.
    ///
    /// - Throws: `PackError`, `StoreError`, `InterruptedError`; `SearchError` only of its own files where nothing else
    ///   helps.
    func current() throws -> DescriptorIndex {
        let identity = try identity()
        let opened: DescriptorIndex?
        do { opened = try DescriptorIndex.open(folder, identity) } catch {
            guard error.kind != .damaged else { return try repaired() }
            // It may be sound: nothing is built in its place.
            session.logger.debug("the index stays in memory: \(error)")
            onNote(
                "the index of \(aspect.rawValue) cannot be read now, and the search does without it"
            )
            return try inMemory(DescriptorIndex(empty: identity))
        }
        if let opened, !opened.isSound { return try repaired(opened) }
        let extent = try library.extent(of: aspect.asset, packFingerprint: fingerprint)
        if let opened {
            if isCurrent(opened, extent) { return opened }
        } else if extent.count > 0 {
            onNote(absence)
        }
        do {
            return try written(identity)
        } catch let error as SearchError {
            session.logger.debug("the index stays in memory: \(error)")
            return try inMemory(opened ?? DescriptorIndex(empty: identity))
        }
    }

    /// The index after it was found that it is not what was written: built anew, in memory where nothing can be written
    /// or another process writes.
    ///
    /// - Parameter damaged: The index; nil if it could not be opened.
    /// - Returns: The sound one.
    /// - Throws: `StoreError`, `PackError`, `InterruptedError`.
    func repaired(_ damaged: DescriptorIndex? = nil) throws -> DescriptorIndex {
        onNote("the index of \(aspect.rawValue) is damaged, and is built anew from the library")
        let identity = try identity()
        do {
            return try written(identity, replacing: damaged?.generation)
        } catch let error as SearchError {
            session.logger.debug("the index stays in memory: \(error)")
            return try inMemory(DescriptorIndex(empty: identity))
        }
    }

    private var absence: String {
        windows.map { "an index of parts of \($0.length.shortSeconds) s is built from the library" }
            ?? "the index of \(aspect.rawValue) is missing or of another vsdb, and is built from the library"
    }

    /// Writes what the index lacks, if nobody else does.
    ///
    /// - Throws: `SearchError`, `.locked` if another process writes it.
    func update() throws { _ = try written(try identity()) }

    /// Builds it anew, after another process that writes it.
    ///
    /// - Throws: `SearchError`, `StoreError`, `PackError`, `InterruptedError`.
    func rebuild() throws -> DescriptorIndex {
        let writer = try IndexWriter(folder, try identity())
        try writer.restart(centre: try centre())
        try append(to: writer)
        return try opened(try identity())
    }

    private func opened(_ identity: IndexIdentity) throws -> DescriptorIndex {
        guard let index = try DescriptorIndex.open(folder, identity) else {
            throw SearchError(.failed, "index \"\(folder)\": another process replaced it")
        }
        return index
    }

    /// Whether an index has what the library has.
    ///
    /// No asset up to the watermark comes later, so that they need only be counted.
    func isCurrent(_ index: DescriptorIndex, _ extent: AssetExtent) -> Bool {
        index.watermark >= extent.newest && hasCentre(index.centre, extent)
            && index.assetCount + index.rowless.count == extent.count
    }

    private func hasCentre(_ centre: DescriptorCentre, _ extent: AssetExtent) -> Bool {
        !aspect.isCentred || centre.count >= DescriptorCentre.clips(of: extent.count)
    }

    // MARK: On the disk

    /// What lies on the disk after what it lacks was written.
    ///
    /// - Parameters:
    ///   - identity: What it holds.
    ///   - damaged: The generation that is replaced, unless another process has done so; nil for none.
    /// - Returns: The index.
    /// - Throws: `SearchError`, `.locked` if another process writes it; `StoreError`, `PackError`, `InterruptedError`.
    private func written(
        _ identity: IndexIdentity,
        replacing damaged: Int? = nil
    ) throws -> DescriptorIndex {
        let writer = try IndexWriter(folder, identity, waits: false)
        let extent = try library.extent(of: aspect.asset, packFingerprint: fingerprint)
        if writer.generation == damaged || !hasCentre(writer.centre, extent) {
            try writer.restart(centre: try centre())
        }
        try append(to: writer)
        let index = try opened(identity)
        guard !isCurrent(index, extent) else { return index }
        let gone = try gone(index)
        try writer.remove(gone.rows, rowless: gone.rowless)
        return try opened(identity)
    }

    private func append(to writer: IndexWriter) throws {
        let space = try aspect.space(of: pack.manifest, centre: writer.centre)
        while true {
            try cancellation.check()
            let assets = try library.indexedAssets(
                aspect.asset,
                packFingerprint: fingerprint,
                after: writer.watermark,
                limit: Self.batch
            )
            guard let last = assets.last else { return }
            let rows = try rows(assets, space)
            try writer.append(
                rows,
                watermark: last.number,
                rowless: Self.rowless(assets, rows)
            )
        }
    }

    // MARK: In memory

    /// The index with what it lacks, for this search only.
    private func inMemory(_ index: DescriptorIndex) throws -> DescriptorIndex {
        let extent = try library.extent(of: aspect.asset, packFingerprint: fingerprint)
        var index = index
        if !hasCentre(index.centre, extent) {
            index = DescriptorIndex(empty: index.identity, centre: try centre())
        }
        let space = try aspect.space(of: pack.manifest, centre: index.centre)
        var added: [IndexRow] = []
        var rowless: [Int64] = []
        var watermark = index.watermark
        while true {
            try cancellation.check()
            let assets = try library.indexedAssets(
                aspect.asset,
                packFingerprint: fingerprint,
                after: watermark,
                limit: Self.batch
            )
            guard let last = assets.last else { break }
            let rows = try rows(assets, space)
            added += rows
            rowless += Self.rowless(assets, rows)
            watermark = last.number
        }
        return index.removing(try gone(index).rows)
            .adding(added, watermark: watermark, rowless: rowless)
    }

    /// Assets that have no row among those that were made of them.
    private static func rowless(_ assets: [IndexedAsset], _ rows: [IndexRow]) -> [Int64] {
        let present = Set(rows.map(\.entry.asset))
        return assets.map(\.number).filter { !present.contains($0) }
    }

    /// What an index knows of assets that the catalogue has no more.
    private struct Gone {
        var rows: [Int] = []
        var rowless: Set<Int64> = []
    }

    /// - Throws: `StoreError`: an index loses no row because the catalogue cannot be read.
    private func gone(_ index: DescriptorIndex) throws -> Gone {
        let present = try library.assetNumbers(aspect.asset, packFingerprint: fingerprint)
        var rest = present[...]
        var gone = Gone()
        index.forEachEntry { row, entry in
            while let first = rest.first, first < entry.asset { rest.removeFirst() }
            if rest.first != entry.asset { gone.rows.append(row) }
        }
        gone.rowless = Set(index.rowless).subtracting(present)
        return gone
    }

    // MARK: Rows

    /// What most clips have in common, from clips of all ages.
    private func centre() throws -> DescriptorCentre {
        guard aspect.isCentred else { return .none }
        let numbers = try library.assetNumbers(aspect.asset, packFingerprint: fingerprint)
        let chosen = DescriptorCentre.places(of: numbers.count).map { numbers[$0] }
        let assets = try library.indexedAssets(chosen)
        let known = try summaries(assets)
        // In the order of the assets: sums of floats depend on it.
        return DescriptorCentre(of: assets.compactMap { known[$0.clip] })
    }

    private func rows(_ assets: [IndexedAsset], _ space: DescriptorSpace) throws -> [IndexRow] {
        if let windows { return try windowRows(assets, space, windows) }
        let known = try summaries(assets)
        return assets.compactMap { asset in
            known[asset.clip].map {
                IndexRow(IndexEntry(asset: asset.number), space.descriptor($0))
            }
        }
    }

    /// What is compared, `[groups, numbers]`, of clips; of a clip that was removed meanwhile nothing.
    func summaries(_ assets: [IndexedAsset]) throws -> [ClipID: Tensor<Float>] {
        func stored(
            _ kind: AssetKind,
            _ assets: [IndexedAsset]
        ) throws -> [ClipID: RawTensor] {
            try library.tensors(
                kind,
                ofClips: assets.map(\.clip),
                packFingerprint: fingerprint
            )
        }
        switch aspect {
        case .content:
            return try stored(.content, assets).mapValues {
                SearchAspect.summary(ofContent: $0.float)
            }
        case .look:
            return try stored(.look, assets).mapValues { look in
                Tensor(shape: [1, look.float.count], scalars: look.float.scalars)
            }
        case .motion:
            var summaries = try stored(.motion, assets).mapValues(\.float)
            // Clips of an older vsdb have none stored.
            let lacking = assets.filter { summaries[$0.clip] == nil && $0.duration > 0 }
            guard !lacking.isEmpty else { return summaries }
            let dynamics = try stored(.dynamics, lacking)
            for asset in lacking {
                guard let start = dynamics[asset.clip]?.double else { continue }
                summaries[asset.clip] = try followed {
                    try pack.motionSummary(start, from: 0, to: asset.duration, cancellation)
                }
            }
            return summaries
        }
    }

    /// A motion that cannot be followed has no row; it does not keep others from theirs.
    private func followed<Result>(_ body: () throws -> Result) throws -> Result? {
        do { return try body() } catch is RenderError { return nil }
    }

    private func windowRows(
        _ assets: [IndexedAsset],
        _ space: DescriptorSpace,
        _ windows: MotionWindows
    ) throws -> [IndexRow] {
        let known = try summaries(assets)
        let long = assets.filter { windows.starts($0.duration).count > 1 }
        let dynamics = try library.tensors(
            .dynamics,
            ofClips: long.map(\.clip),
            packFingerprint: fingerprint
        )
        return try assets.flatMap { asset -> [IndexRow] in
            try cancellation.check()
            let starts = windows.starts(asset.duration)
            guard starts.count > 1, let dynamics = dynamics[asset.clip]?.double else {
                let whole = IndexEntry(asset: asset.number)
                return known[asset.clip].map { [IndexRow(whole, space.descriptor($0))] } ?? []
            }
            return try rows(ofWindows: starts, windows.length, asset.number, dynamics, space)
        }
    }

    /// The rows of some windows of one clip; none if its motion cannot be followed.
    func rows(
        ofWindows starts: [Double],
        _ length: Double,
        _ asset: Int64,
        _ dynamics: Tensor<Double>,
        _ space: DescriptorSpace
    ) throws -> [IndexRow] {
        let summaries = try followed {
            try pack.motionSummaries(
                dynamics,
                windows: starts.map { ($0, $0 + length) },
                cancellation
            )
        }
        return zip(starts, summaries ?? []).map { start, summary in
            IndexRow(
                IndexEntry(asset: asset, start: Int32((start * 1_000).rounded())),
                space.descriptor(summary)
            )
        }
    }
}
