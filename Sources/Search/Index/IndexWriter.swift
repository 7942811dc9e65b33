internal import Foundation
internal import Glibc
internal import Hashing
internal import Kernels

/// Appends to the index of a folder, or builds it anew; one process at a time.
///
/// The lock is the kernel's and goes with the process. Nothing that a reader knows is changed: rows are appended behind
/// the counted ones, then `manifest.json` is replaced.
public final class IndexWriter {
    /// Rows of a segment: at 2,048 numbers a row, 256 MiB.
    public static let standardSegmentRows = 65_536

    private let folder: String
    private var manifest: IndexManifest
    private let lock: Int32

    /// Takes the write lock of a folder, and makes it if there is none.
    ///
    /// - Parameters:
    ///   - folder: Where the index lies.
    ///   - identity: What it holds. An index of anything else, or a damaged one, is built anew; one that cannot be
    ///     read now is left as it is.
    ///   - waits: Whether to wait for another process; if not, `SearchError.Kind.locked` is thrown.
    ///   - segmentRows: Rows of a segment of a new index.
    /// - Throws: `SearchError`.
    public init(
        _ folder: String,
        _ identity: IndexIdentity,
        waits: Bool = true,
        segmentRows: Int = IndexWriter.standardSegmentRows
    ) throws(SearchError) {
        self.folder = folder
        try Self.makeFolders(folder)
        lock = try Self.lock(folder + "/lock", waits: waits)
        let fresh = IndexManifest(
            identity: identity,
            generation: 0,
            segmentRows: segmentRows,
            count: 0,
            watermark: 0,
            removed: []
        )
        manifest = fresh
        if let found = try Self.found(folder, identity) {
            manifest = found
        } else {
            manifest.generation = Self.newestGeneration(folder) + 1
            try makeFolder(folder + "/" + IndexManifest.folder(manifest.generation))
            try publish()
        }
    }

    deinit { close(lock) }

    /// The manifest of an index that may be added to; nil if it is damaged, of something else or not there.
    private static func found(
        _ folder: String,
        _ identity: IndexIdentity
    ) throws(SearchError) -> IndexManifest? {
        do {
            guard let manifest = try DescriptorIndex.manifest(in: folder),
                manifest.identity == identity,
                try DescriptorIndex.open(folder, identity) != nil
            else { return nil }
            return manifest
        } catch {
            guard error.kind == .damaged else { throw error }
            return nil
        }
    }

    /// The number of the files that are added to; a rebuilt index has another one.
    public var generation: Int { manifest.generation }

    /// The greatest number of an asset that was looked at.
    public var watermark: Int64 { manifest.watermark }
    /// Rows, without removed ones.
    public var count: Int { manifest.count - manifest.removed.count }

    /// Adds rows.
    ///
    /// - Parameters:
    ///   - rows: Of assets behind the watermark, ascending.
    ///   - watermark: The greatest number of an asset that was looked at for them.
    ///   - rowless: Assets that were looked at and have no row, ascending.
    /// - Throws: `SearchError`; the index is then as before.
    public func append(
        _ rows: [IndexRow],
        watermark: Int64,
        rowless: [Int64] = []
    ) throws(SearchError) {
        precondition(
            rows.allSatisfy { $0.entry.asset > manifest.watermark },
            "rows of assets that were looked at before"
        )
        var changed = manifest
        var rest = rows[...]
        while !rest.isEmpty {
            let segment = changed.count / changed.segmentRows
            let first = changed.count % changed.segmentRows
            let part = Array(rest.prefix(changed.segmentRows - first))
            try write(part, segment: segment, at: first, &changed.sums)
            changed.count += part.count
            rest = rest.dropFirst(part.count)
        }
        changed.watermark = max(changed.watermark, watermark)
        changed.rowless += rowless
        try publish(changed)
    }

    /// Takes rows out; the files keep them until the index is built anew.
    ///
    /// - Parameters:
    ///   - rows: Which.
    ///   - rowless: Assets without a row that are gone too.
    /// - Throws: `SearchError`; the index is then as before.
    public func remove(
        _ rows: some Sequence<Int>,
        rowless: Set<Int64> = []
    ) throws(SearchError) {
        var changed = manifest
        changed.removed = Set(manifest.removed).union(rows.map { UInt32($0) }).sorted()
        changed.rowless.removeAll { rowless.contains($0) }
        guard changed != manifest else { return }
        try publish(changed)
    }

    /// What is taken from every clip.
    public var centre: DescriptorCentre { manifest.descriptorCentre }

    /// Forgets all rows: those that are appended next make a new generation.
    ///
    /// Readers keep what they have mapped.
    ///
    /// - Parameter centre: What is taken from every clip from now on.
    /// - Throws: `SearchError`; the index is then as before.
    public func restart(centre: DescriptorCentre = .none) throws(SearchError) {
        var changed = manifest
        changed.generation = Self.newestGeneration(folder) + 1
        (changed.count, changed.watermark, changed.removed) = (0, 0, [])
        (changed.rowless, changed.sums) = ([], BlockSums())
        changed.descriptorCentre = centre
        try makeFolder(folder + "/" + IndexManifest.folder(changed.generation))
        try publish(changed)
    }

    private func publish(_ changed: IndexManifest) throws(SearchError) {
        let old = manifest
        manifest = changed
        do { try publish() } catch {
            manifest = old
            throw error
        }
    }

    /// Replaces `manifest.json`, then deletes generations that it does not name.
    private func publish() throws(SearchError) {
        let path = folder + "/" + IndexManifest.fileName
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let data = try? encoder.encode(manifest) else {
            throw SearchError(.failed, "index \"\(path)\": its manifest cannot be encoded")
        }
        let draft = path + ".new"
        unlink(draft)
        let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw .system(errno, "write", draft) }
        defer { close(file) }
        try Self.write(data, to: file, at: 0, draft)
        guard fsync(file) == 0 else { throw .system(errno, "sync", draft) }
        guard rename(draft, path) == 0 else { throw .system(errno, "replace", path) }
        for generation in Self.generations(folder) where generation != manifest.generation {
            // A cache's old files: what cannot be deleted now is tried again by the next writer.
            try? FileManager.default.removeItem(
                atPath: folder + "/" + IndexManifest.folder(generation)
            )
        }
    }

    /// Writes entries, rows and sketches from a row of a segment on, and takes them into checksums.
    private func write(
        _ rows: [IndexRow],
        segment: Int,
        at first: Int,
        _ sums: inout BlockSums
    ) throws(SearchError) {
        let layout = manifest.identity.layout
        let files = folder + "/" + IndexManifest.folder(manifest.generation)
        let encoded = EncodedRows(rows, layout: layout)
        let path = { name in IndexSegment.path(files, segment, name) }
        let names = IndexSegment.names
        let block = DescriptorKernel.sketchRows
        // The first block may hold rows that count already: its entries are hashed, its sketches made, as a whole.
        let offset = first % block
        let entryStart = (first - offset) * IndexSegment.entryBytes
        let rowStart = (first - offset) * layout.byteCount
        let entries =
            try read(path(names.entries), entryStart, offset * IndexSegment.entryBytes)
            + encoded.entries
        let numbers = try read(path(names.rows), rowStart, offset * layout.byteCount) + encoded.rows
        if offset > 0, entries.prefix(offset * IndexSegment.entryBytes).xxh3 != sums.tail {
            throw .changed(path(names.entries))
        }
        let count = offset + rows.count
        var sketch = Data(count: DescriptorKernel.sketchByteCount(rows: count, layout))
        sketch.withUnsafeMutableBytes { sketch in
            numbers.withUnsafeBytes { rows in
                DescriptorKernel.sketch(
                    rows.bindMemory(to: UInt16.self),
                    0..<count,
                    layout,
                    into: sketch.bindMemory(to: UInt8.self)
                )
            }
        }
        try put(entries, path(names.entries), at: entryStart)
        try put(encoded.rows, path(names.rows), at: first * layout.byteCount)
        try put(sketch, path(names.sketch), at: (first - offset) * layout.sketchByteCount)
        let place = (segment * manifest.segmentRows + first - offset) / block
        sums.add(entries, sketch, count, place, layout)
    }

    private func put(_ data: Data, _ path: String, at offset: Int) throws(SearchError) {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw .system(errno, "open", path) }
        defer { close(file) }
        try Self.write(data, to: file, at: offset, path)
        // Before the manifest counts them: a power cut would else leave rows of zeros that count.
        guard fdatasync(file) == 0 else { throw .system(errno, "sync", path) }
    }

    /// Reads a part of a file that counts already.
    private func read(_ path: String, _ offset: Int, _ size: Int) throws(SearchError) -> Data {
        guard size > 0 else { return Data() }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .system(errno, "open", path) }
        defer { close(file) }
        var data = Data(count: size)
        let got = data.withUnsafeMutableBytes { pread(file, $0.baseAddress, size, off_t(offset)) }
        guard got == size else { throw .changed(path) }
        return data
    }

    private static func write(
        _ data: Data,
        to file: Int32,
        at offset: Int,
        _ path: String
    ) throws(SearchError) {
        var done = 0
        while done < data.count {
            let count = data.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
                return pwrite(file, rest.baseAddress, rest.count, off_t(offset + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system(count == 0 ? ENOSPC : errno, "write", path) }
            done += count
        }
    }

    // MARK: Folders and the lock

    private static func makeFolders(_ folder: String) throws(SearchError) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
        } catch {
            throw SearchError(
                .notWritable,
                "index \"\(folder)\": the folder cannot be made: \(error.localizedDescription)"
            )
        }
    }

    private func makeFolder(_ path: String) throws(SearchError) {
        guard mkdir(path, 0o755) == 0 else { throw .system(errno, "make the folder", path) }
    }

    private static func lock(_ path: String, waits: Bool) throws(SearchError) -> Int32 {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw .system(errno, "open", path) }
        while flock(file, LOCK_EX | (waits ? 0 : LOCK_NB)) != 0 {
            let code = errno
            if code == EINTR { continue }
            close(file)
            guard code == EWOULDBLOCK else { throw .system(code, "lock", path) }
            throw SearchError(.locked, "index \"\(path)\": another process writes it; try again")
        }
        return file
    }

    private static func generations(_ folder: String) -> [Int] {
        let prefix = "generation-"
        // A folder that cannot be listed has none to delete, and making the next one says why.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix(prefix) }.compactMap { Int($0.dropFirst(prefix.count)) }
    }

    private static func newestGeneration(_ folder: String) -> Int {
        generations(folder).max() ?? 0
    }
}

extension BlockSums {
    /// Takes in the rows of a segment from the start of a block on.
    fileprivate mutating func add(
        _ entries: Data,
        _ sketch: Data,
        _ count: Int,
        _ place: Int,
        _ layout: DescriptorLayout
    ) {
        let block = DescriptorKernel.sketchRows
        let whole = count / block
        entries.withUnsafeBytes { entries in
            sketch.withUnsafeBytes { sketch in
                for number in 0..<whole {
                    full &+= IndexSegment.sum(
                        entries: entries.part(number, block * IndexSegment.entryBytes),
                        sketch: sketch.part(number, block * layout.sketchByteCount),
                        place: place + number
                    )
                }
            }
        }
        tail = entries.dropFirst(whole * block * IndexSegment.entryBytes).xxh3
    }
}

extension Data {
    fileprivate var xxh3: UInt64 { withUnsafeBytes { Hashing.xxh3($0) } }
}

extension SearchError {
    /// A file of an index is not what was written.
    fileprivate static func changed(_ path: String) -> SearchError {
        SearchError(
            .damaged,
            "index \"\(path)\": it is not what was written; run vsdb index rebuild"
        )
    }

    /// A file of an index may be sound, but cannot be read now.
    static func unreadable(_ path: String, _ reason: String) -> SearchError {
        SearchError(
            .failed,
            "index \"\(path)\": it cannot be read: \(reason); try again, or delete the folder index/ of the "
                + "library, which is derived"
        )
    }

    /// What a failed system call means.
    static func system(_ code: Int32, _ doing: String, _ path: String) -> SearchError {
        let text = String(cString: strerror(code))
        let kind: Kind =
            switch code {
            case ENOSPC, EDQUOT: .noSpace
            case EACCES, EPERM, EROFS: .notWritable
            default: .failed
            }
        let remedy = kind == .noSpace ? ": the disk is full; make room and try again" : ": \(text)"
        return SearchError(kind, "index: cannot \(doing) \"\(path)\"\(remedy)")
    }
}
