public import Foundation
internal import Kernels
internal import Logging
internal import Packs
internal import Search
internal import Store

/// An index of a library as it lies on the disk.
public struct IndexStatus: Sendable {
    /// The name of the pack.
    public let pack: String
    /// What is compared.
    public let aspect: SearchAspect
    /// Seconds of the parts of clips that have a row each; nil if rows are of whole clips.
    public let window: Double?
    /// What became of its files.
    public let state: State
    /// Clips that the library has, with what is compared.
    public let clips: Int
    /// Rows that can be found.
    public let rows: Int
    /// Rows of removed clips that still lie in the files.
    public let removed: Int
    /// Files of rows.
    public let segments: Int
    /// Bytes of its files.
    public let bytes: Int
    /// Numbers of a row.
    public let numbers: Int
    /// On how many clips its centre stands.
    public let centre: Int
    /// When it was last written.
    public let written: Date?
    /// Rows that are not what was written; nil if they were not read.
    public let damaged: Int?
    /// The share of the ten nearest rows of an exact search that a standard one finds; nil if it was not measured, there
    /// is no sound index, or every search is exact, for there are few rows.
    public let recall: Double?
    /// Rows that were compared by all their numbers while recall was measured, as a share of all.
    public let compared: Double?

    /// Whether an index can be used as it is.
    public enum State: String, Sendable, Codable {
        /// It has all clips.
        case current
        /// Clips came or went since it was written; the next search takes them in.
        case behind
        /// There is none yet; the first search makes it.
        case none
        /// Its files are not what was written; the next search builds it anew.
        case damaged
    }
}

extension Session {
    /// What there is of indexes, pack by pack.
    ///
    /// - Parameters:
    ///   - reads: Whether every row is read and compared with its checksum.
    ///   - measures: Whether recall is measured, up to 50 exact searches in each index.
    ///   - cancellation: Stops between indexes.
    /// - Returns: One for each aspect of each pack, and one for windows.
    /// - Throws: `StoreError`, `PackError`, `InterruptedError`; `SearchError` if files that may be sound cannot be read.
    public func indexStatus(
        reads: Bool = false,
        measures: Bool = true,
        cancellation: Cancellation = Cancellation()
    ) throws -> [IndexStatus] {
        try library.packs().flatMap { record in
            let pack = try self.pack(record.fingerprint)
            return try kinds(of: pack).map { source in
                try cancellation.check()
                return try source.status(reads: reads, measures: measures)
            }
        }
    }

    /// Builds indexes anew.
    ///
    /// - Parameters:
    ///   - reference: The pack; nil for all packs.
    ///   - cancellation: Stops between batches; the index is then behind, and the next search goes on.
    ///   - onIndex: Is told of each index and how many rows it got.
    /// - Throws: `StoreError`, `PackError`, `SearchError`, `InterruptedError`.
    public func rebuildIndexes(
        pack reference: String? = nil,
        cancellation: Cancellation = Cancellation(),
        onIndex: (String, SearchAspect, Int) -> Void = { _, _, _ in }
    ) throws {
        let packs = try reference.map { [try library.pack(named: $0)] } ?? library.packs()
        for record in packs {
            let pack = try self.pack(record.fingerprint)
            for source in try kinds(of: pack, cancellation) {
                let isMade = try source.isMade
                // Windows are made when somebody asks for them.
                guard isMade || source.windows == nil else { continue }
                onIndex(record.name, source.aspect, try source.rebuild().count)
            }
        }
    }

    /// Takes removed clips out of the indexes that there are.
    ///
    /// - Parameter fingerprints: Of the packs that made the clips.
    public func updateIndexes(ofPacks fingerprints: Set<String>) {
        for fingerprint in fingerprints {
            // A search takes them out too, and would name what is wrong with the pack.
            if let pack = try? pack(fingerprint) { updateIndexes(of: pack) }
        }
    }

    /// Takes what an ingest or a removal changed into the indexes of a pack.
    ///
    /// They are derived: what cannot be written now is done by the next search.
    func updateIndexes(of pack: LoadedPack, _ cancellation: Cancellation = Cancellation()) {
        do {
            for source in try kinds(of: pack, cancellation) {
                guard try source.windows == nil || source.isMade else {
                    continue
                }
                try source.update()
            }
        } catch { logger.debug("indexes of \(pack.manifest.name) stay behind: \(error)") }
    }

    private func kinds(
        of pack: LoadedPack,
        _ cancellation: Cancellation = Cancellation()
    ) throws -> [LibraryIndex] {
        // The aspects that the pack has networks for; the error would name the one that it lacks.
        let aspects = SearchAspect.allCases.filter { (try? $0.space(of: pack.manifest)) != nil }
        let whole = aspects.map { LibraryIndex(self, pack, $0, cancellation: cancellation) }
        guard aspects.contains(.motion) else { return whole }
        let folder = (whole[0].folder as NSString).deletingLastPathComponent
        let made = MotionWindows.made(in: folder, pack)
        let windows = made.contains(MotionWindows(pack)) ? made : [MotionWindows(pack)] + made
        return whole
            + windows.map {
                LibraryIndex(self, pack, .motion, windows: $0, cancellation: cancellation)
            }
    }
}

extension LibraryIndex {
    /// Queries of a measurement of recall, and rows that they read at most together if nobody asked for more.
    private static let probes = 50
    private static let probedRows = 5_000_000

    /// Whether there are files of it, sound or not.
    var isMade: Bool {
        get throws {
            do {
                return try DescriptorIndex.open(folder, try identity()) != nil
            } catch let error as SearchError where error.kind == .damaged {
                return true
            }
        }
    }

    /// What lies on the disk, and how far the library is ahead of it.
    func status(reads: Bool, measures: Bool) throws -> IndexStatus {
        let identity = try identity()
        let extent = try session.library.extent(
            of: aspect.asset,
            packFingerprint: pack.pack.fingerprint
        )
        let index: DescriptorIndex?
        var isDamaged = false
        do { index = try DescriptorIndex.open(folder, identity) } catch {
            guard error.kind == .damaged else { throw error }
            (index, isDamaged) = (nil, true)
        }
        let damaged = reads ? index?.damagedRows().count : nil
        if let index {
            let isSound = damaged.map { $0 == 0 && index.hasWholeSketches } ?? index.isSound
            isDamaged = !isSound
        }
        let state: IndexStatus.State =
            isDamaged
            ? .damaged : index.map { isCurrent($0, extent) ? .current : .behind } ?? .none
        let measured = measures && !isDamaged ? index.flatMap { recall($0, reads: reads) } : nil
        return IndexStatus(
            pack: pack.manifest.name,
            aspect: aspect,
            window: windows?.length,
            state: state,
            clips: extent.count,
            rows: index?.count ?? 0,
            removed: index?.removedCount ?? 0,
            segments: index?.segmentCount ?? 0,
            bytes: index?.byteCount ?? 0,
            numbers: identity.layout.count,
            centre: index?.centre.count ?? 0,
            written: index?.written,
            damaged: damaged,
            recall: measured?.recall,
            compared: measured?.compared
        )
    }

    /// Rows of the index as queries, each without itself.
    private func recall(
        _ index: DescriptorIndex,
        reads: Bool
    ) -> (recall: Double, compared: Double)? {
        guard index.rowCount >= DescriptorIndex.sketchThreshold else { return nil }
        let probes =
            reads ? Self.probes : min(Self.probes, max(8, Self.probedRows / index.rowCount))
        let weights = [Float](repeating: 1, count: index.layout.groups)
        var (found, wanted, compared) = (0, 0, 0)
        for row in stride(from: 0, to: index.rowCount, by: max(1, index.rowCount / probes)) {
            let query = DescriptorQuery(index.descriptor(row), index.layout, weights: weights)
            let exact = index.nearest(query, 11, method: .exact).neighbours.map(\.row)
                .filter { $0 != row }
            let outcome = index.nearest(query, 11)
            found += Set(outcome.neighbours.map(\.row)).intersection(exact).count
            wanted += exact.count
            compared += outcome.compared
        }
        guard wanted > 0 else { return nil }
        return (
            Double(found) / Double(wanted),
            Double(compared) / Double(index.rowCount) / Double(wanted / 10)
        )
    }
}
