public import Foundation
public import Kernels
internal import Tensors

/// Descriptors of clips as they were at one moment: rows that no writer changes any more.
///
/// The files are derived data. Readers of any number of processes map the same pages; a writer appends behind what
/// readers know, or builds another generation beside it.
public struct DescriptorIndex: Sendable {
    /// What it holds.
    public let identity: IndexIdentity
    /// The number of its files, which those of a rebuilt index do not have; 0 for one that was made in memory.
    public let generation: Int
    /// The greatest number of an asset that was looked at.
    public let watermark: Int64
    /// What was taken from every clip.
    public let centre: DescriptorCentre
    /// When it was last written; nil for one in memory.
    public let written: Date?
    /// Bytes of its files.
    public let byteCount: Int
    package let segments: [IndexSegment]
    /// The first row of each segment, and the number of all rows at the end.
    let starts: [Int]
    /// Rows that are none any more, ascending.
    let removed: [UInt32]
    /// Assets that were looked at and have no row, ascending: nothing of them can be compared.
    public let rowless: [Int64]
    /// What entries and sketches were when they were written; nil for what is in memory.
    private let sums: BlockSums?

    /// Rows, without those that were removed.
    public var count: Int { rowCount - removed.count }
    /// Rows with those that were removed.
    public var rowCount: Int { starts[starts.count - 1] }
    /// Rows that were removed and still lie in the files.
    public var removedCount: Int { removed.count }
    /// Assets that have a row: one, or several of parts.
    public var assetCount: Int {
        var count = 0
        var last: Int64?
        forEachEntry { _, entry in
            if entry.asset != last { count += 1 }
            last = entry.asset
        }
        return count
    }
    /// How many files of rows there are.
    public var segmentCount: Int { segments.count }
    /// How the numbers of one descriptor lie.
    public var layout: DescriptorLayout { identity.layout }

    private init(
        _ identity: IndexIdentity,
        generation: Int,
        _ segments: [IndexSegment],
        removed: [UInt32],
        rowless: [Int64],
        watermark: Int64,
        centre: DescriptorCentre,
        written: Date?,
        byteCount: Int,
        sums: BlockSums? = nil
    ) {
        (self.sums, self.generation) = (sums, generation)
        (self.centre, self.rowless) = (centre, rowless)
        (self.identity, self.segments, self.removed) = (identity, segments, removed)
        (self.watermark, self.written, self.byteCount) = (watermark, written, byteCount)
        starts = segments.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    }

    /// An index without files.
    public init(empty identity: IndexIdentity, centre: DescriptorCentre = .none) {
        self.init(
            identity,
            generation: 0,
            [],
            removed: [],
            rowless: [],
            watermark: 0,
            centre: centre,
            written: nil,
            byteCount: 0
        )
    }

    /// Opens the index in a folder.
    ///
    /// - Parameters:
    ///   - folder: Where `manifest.json` lies.
    ///   - identity: What it must hold.
    /// - Returns: Nil if there is none, or one of another library, pack, descriptor or format.
    /// - Throws: `SearchError`: `.damaged` if its files are not what the manifest says, `.failed` if they cannot be
    ///   read now, sound or not.
    public static func open(
        _ folder: String,
        _ identity: IndexIdentity
    ) throws(SearchError) -> DescriptorIndex? {
        // A writer may take away a generation after its manifest was read: then there is a newer one.
        var last: IndexManifest?
        while true {
            guard let manifest = try manifest(in: folder), manifest.identity == identity else {
                return nil
            }
            if let index = try mapped(manifest, folder) { return index }
            guard manifest != last else {
                throw SearchError(
                    .damaged,
                    "index \"\(folder)\": files are missing or shorter than manifest.json says; "
                        + "run vsdb index rebuild"
                )
            }
            last = manifest
        }
    }

    /// What `manifest.json` says, or nil if there is none.
    static func manifest(in folder: String) throws(SearchError) -> IndexManifest? {
        let path = folder + "/" + IndexManifest.fileName
        guard let data = try contents(path) else { return nil }
        // An index of another vsdb is none: it is derived, and made anew.
        let format = try? JSONDecoder().decode(IndexManifest.Format.self, from: data).format
        if let format, format != IndexManifest.currentFormat { return nil }
        guard let manifest = try? JSONDecoder().decode(IndexManifest.self, from: data),
            manifest.isSound
        else {
            throw SearchError(
                .damaged,
                "index \"\(path)\": it cannot be understood; run vsdb index rebuild"
            )
        }
        return manifest
    }

    /// The bytes of a file, or nil if there is none.
    private static func contents(_ path: String) throws(SearchError) -> Data? {
        let file: FileBytes
        do { file = try FileBytes(path: path) } catch {
            guard error.kind != .missing else { return nil }
            throw .unreadable(path, error.description)
        }
        guard let data = file.part(0..<file.count) else {
            throw .unreadable(path, "its bytes could not be had")
        }
        return data
    }

    /// - Returns: Nil if files are missing or too short.
    private static func mapped(
        _ manifest: IndexManifest,
        _ folder: String
    ) throws(SearchError) -> DescriptorIndex? {
        let files = folder + "/" + IndexManifest.folder(manifest.generation)
        var segments: [IndexSegment] = []
        for number in 0..<manifest.segments {
            let segment = try IndexSegment(
                folder: files,
                number: number,
                count: manifest.rows(ofSegment: number),
                layout: manifest.identity.layout
            )
            guard let segment else { return nil }
            segments.append(segment)
        }
        // When it was written is for people only.
        let facts = try? FileManager.default.attributesOfItem(
            atPath: folder + "/" + IndexManifest.fileName
        )
        let layout = manifest.identity.layout
        return DescriptorIndex(
            manifest.identity,
            generation: manifest.generation,
            segments,
            removed: manifest.removed,
            rowless: manifest.rowless,
            watermark: manifest.watermark,
            centre: manifest.descriptorCentre,
            written: facts?[.modificationDate] as? Date,
            byteCount: manifest.count
                * (IndexSegment.entryBytes + layout.byteCount + layout.sketchByteCount),
            sums: manifest.sums
        )
    }

    /// This index with more rows, in memory only.
    ///
    /// - Parameters:
    ///   - rows: What is added, of assets behind the watermark.
    ///   - watermark: The greatest number of an asset that was looked at for them.
    ///   - rowless: Assets that were looked at and have no row, ascending.
    /// - Returns: Another index; this one stays as it is.
    public func adding(
        _ rows: [IndexRow],
        watermark: Int64,
        rowless: [Int64] = []
    ) -> DescriptorIndex {
        DescriptorIndex(
            identity,
            generation: generation,
            rows.isEmpty ? segments : segments + [IndexSegment(rows, layout: layout)],
            removed: removed,
            rowless: self.rowless + rowless,
            watermark: watermark,
            centre: centre,
            written: written,
            byteCount: byteCount
        )
    }

    /// This index without some rows, in memory only.
    public func removing(_ rows: some Sequence<Int>) -> DescriptorIndex {
        DescriptorIndex(
            identity,
            generation: generation,
            segments,
            removed: Set(removed).union(rows.map { UInt32($0) }).sorted(),
            rowless: rowless,
            watermark: watermark,
            centre: centre,
            written: written,
            byteCount: byteCount
        )
    }

    /// What a row describes.
    public func entry(_ row: Int) -> IndexEntry {
        let (segment, row) = place(row)
        return segments[segment].entry(row)
    }

    /// The descriptor of a row: `[groups * width]`.
    public func descriptor(_ row: Int) -> [Float] {
        let (segment, row) = place(row)
        return segments[segment].descriptor(row)
    }

    /// All entries with their rows, but for removed ones, in order of their assets.
    public func forEachEntry(_ body: (Int, IndexEntry) -> Void) {
        var gone = 0
        for (segment, start) in zip(segments, starts) {
            segment.forEachEntry { row, entry in
                if gone < removed.count, Int(removed[gone]) == start + row {
                    gone += 1
                } else {
                    body(start + row, entry)
                }
            }
        }
    }

    /// The rows of an asset, in order of their starts.
    ///
    /// Entries lie in the order of their assets, so that this is a binary search.
    public func rows(of asset: Int64) -> [Int] {
        var (low, high) = (0, rowCount)
        while low < high {
            let middle = (low + high) / 2
            if entry(middle).asset < asset { low = middle + 1 } else { high = middle }
        }
        var rows: [Int] = []
        while low < rowCount, entry(low).asset == asset {
            if !isRemoved(low) { rows.append(low) }
            low += 1
        }
        return rows
    }

    /// The rows of some assets, ascending.
    ///
    /// - Parameter assets: Their numbers, ascending.
    /// - Returns: Rows that were not removed.
    public func rows(ofAssets assets: [Int64]) -> [Int] {
        // A few are looked up one by one, in the files' order.
        guard assets.count >= rowCount / 64 else { return assets.flatMap { self.rows(of: $0) } }
        var next = 0
        var rows: [Int] = []
        forEachEntry { row, entry in
            while next < assets.count, assets[next] < entry.asset { next += 1 }
            if next < assets.count, assets[next] == entry.asset { rows.append(row) }
        }
        return rows
    }

    /// Reads everything and compares it with its checksums.
    ///
    /// - Returns: Rows that are not what was written, or whose sketch is not theirs.
    public func damagedRows() -> [Int] {
        let block = DescriptorKernel.sketchRows
        return zip(segments, starts).flatMap { segment, start in
            stride(from: 0, to: segment.count, by: block).flatMap { first in
                let strangers = Set(segment.rowsOfOtherSketches(block: first / block))
                return (first..<min(first + block, segment.count))
                    .filter { strangers.contains($0) || !segment.isWhole($0) }.map { start + $0 }
            }
        }
    }

    /// Whether every row is what was written; sketches are not looked at.
    public var hasWholeRows: Bool { (0..<rowCount).allSatisfy(isWhole) }

    /// Rows from all over a large index that are read when it is opened, as searches by sketches do.
    static let probes = 512

    /// Whether all entries and sketches are what was written, and rows from all over the index, all of them if they
    /// are few.
    ///
    /// A searcher asks before the first search: a sketch that lies, or a row of nonsense, would hide an answer. It takes
    /// about as long as one search.
    public var isSound: Bool {
        // What is in memory was never written.
        guard sums != nil else { return true }
        guard hasWholeSketches else { return false }
        let step = rowCount <= Self.sketchThreshold ? 1 : rowCount / Self.probes
        return stride(from: 0, to: rowCount, by: step).allSatisfy(isWhole)
    }

    /// Whether all entries and sketches are what was written; rows are looked at only behind the last full block.
    public var hasWholeSketches: Bool {
        guard let sums else { return true }
        let block = DescriptorKernel.sketchRows
        var full: UInt64 = 0
        for (segment, start) in zip(segments, starts) {
            full &+= segment.sum(ofBlocks: 0..<segment.count / block, first: start / block)
        }
        guard full == sums.full else { return false }
        if let last = segments.last, last.count % block > 0 {
            return last.tailSum == sums.tail
                && last.rowsOfOtherSketches(block: last.count / block).isEmpty
        }
        return true
    }

    /// Whether a row is what was written.
    package func isWhole(_ row: Int) -> Bool {
        let (segment, row) = place(row)
        return segments[segment].isWhole(row)
    }

    func isRemoved(_ row: Int) -> Bool {
        var (low, high) = (0, removed.count)
        while low < high {
            let middle = (low + high) / 2
            if removed[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low < removed.count && Int(removed[low]) == row
    }

    /// The segment of a row, and its place there.
    private func place(_ row: Int) -> (segment: Int, row: Int) {
        precondition((0..<rowCount).contains(row), "row \(row) of \(rowCount)")
        var segment = starts.count - 2
        while starts[segment] > row { segment -= 1 }
        return (segment, row - starts[segment])
    }
}
