import Foundation
import GRDB
import Glibc
import Tensors

extension Library {
    /// Checks a library, also one that cannot be opened.
    ///
    /// Structure: the manifest, the catalogue's pages, keys and checksums of rows, every page of the
    /// tensor file's trees, and that every asset has its record. Nothing is written.
    ///
    /// - Parameters:
    ///   - path: Its folder.
    ///   - readData: Whether to read all numbers, too, and compare their checksums.
    ///   - waitSeconds: How long to wait for other processes.
    /// - Returns: Everything that is wrong; damage does not end the check.
    /// - Throws: `StoreError`: `.noLibrary`, `.locked`, `.newerFormat`.
    public static func check(
        at path: String,
        readData: Bool = true,
        waitSeconds: Double = 10
    ) throws(StoreError) -> LibraryCheck {
        let path = absolute(path)
        guard isLibrary(path) else { throw noLibrary(at: path) }
        func run(isFrozen: Bool, _ claim: LibraryLock.Claim) throws(StoreError) -> LibraryCheck {
            do {
                var checker = LibraryChecker(path: path, readsData: readData)
                return try checker.run(waitSeconds, isFrozen: isFrozen, claim)
            } catch { throw StoreError(error, "check it", path) }
        }
        do {
            return try run(isFrozen: cannotWrite(path), .shared)
        } catch {
            // As in `open`: without room for the files beside the library's it is read alone.
            guard error.kind == .noSpace, let check = try? run(isFrozen: true, .alone) else {
                throw error
            }
            return check
        }
    }
}

/// One check under way.
private struct LibraryChecker {
    let path: String
    let readsData: Bool
    private var result = LibraryCheck()
    /// Whether changes of the catalogue are lost: then what has no row is to be repaired, not collected.
    private var hasLoss = false

    init(path: String, readsData: Bool) {
        self.path = path
        self.readsData = readsData
    }

    private var tensorsFolder: String { path + "/" + Library.tensorsName }
    private var tensorsPath: String { tensorsFolder + "/data.mdb" }

    mutating func run(
        _ waitSeconds: Double,
        isFrozen: Bool,
        _ claim: LibraryLock.Claim
    ) throws -> LibraryCheck {
        let manifestPath = path + "/" + Library.manifestName
        var manifest: LibraryManifest?
        do throws(StoreError) { manifest = try LibraryManifest(path: manifestPath) } catch {
            try add(.manifest, error)
        }
        let use =
            fileExists(manifestPath)
            ? try LibraryLock(manifestPath, claim, waitSeconds: waitSeconds, "check it") : nil
        defer { withExtendedLifetime(use) {} }
        noteSurroundings()
        var catalog: Catalog?
        do {
            catalog = try Catalog(
                path: path + "/" + Library.catalogName,
                waitSeconds: waitSeconds,
                isFrozen: isFrozen
            )
        } catch { try add(.catalog, StoreError(error, "check it", path)) }
        var tensors: TensorStore?
        do { tensors = try TensorStore(folder: tensorsFolder, isFrozen: isFrozen) } catch {
            try add(.tensors, StoreError(error, "check it", path))
        }
        if let catalog {
            do {
                if let loss = try catalog.loss() {
                    hasLoss = true
                    report(.catalog, loss.description(path))
                }
                try catalog.read { db in
                    try check(db, uuid: manifest?.uuid)
                    try check(tensors, db, uuid: manifest?.uuid)
                }
            } catch { try add(.catalog, StoreError(error, "check it", path)) }
        } else {
            try check(tensors, nil, uuid: manifest?.uuid)
        }
        return result
    }

    /// Keeps what is damage; anything else, such as a lock or a newer format, ends the check.
    private mutating func add(_ place: LibraryProblem.Place, _ error: StoreError) throws(StoreError)
    {
        switch error.kind {
        case .damaged, .stranger, .noLibrary, .failed:
            result.problems.append(LibraryProblem(place, error.description))
        default: throw error
        }
    }

    private mutating func noteSurroundings() {
        if let system = NetworkFileSystem.name(at: path) {
            result.notes.append(
                "\"\(path)\" lies on a network file system (\(system)): use the library from one "
                    + "machine at a time, or keep it on a local disk"
            )
        }
    }
}

// MARK: - The catalogue

extension LibraryChecker {
    private mutating func check(_ db: Database, uuid: String?) throws {
        let file = "\(path)/\(Library.catalogName)"
        let pragma = readsData ? "integrity_check" : "quick_check"
        for line in try String.fetchAll(db, sql: "PRAGMA \(pragma)") where line != "ok" {
            report(.catalog, "catalogue \"\(file)\": \(line)")
        }
        for row in try Row.fetchAll(db, sql: "PRAGMA foreign_key_check") {
            let table: String = try row.at(0)
            let number = (try row.at(1) as Int64?).map { " \($0)" } ?? ""
            report(
                .catalog,
                "catalogue \"\(file)\": row\(number) of \(table) names a row of "
                    + "\(try row.at(2) as String) that is gone"
            )
        }
        if let fault = try SchemaCheck.fault(db) {
            // What follows reads those tables.
            throw StoreError(
                .damaged,
                "catalogue \"\(file)\": \(fault); vsdb repair makes it again"
            )
        }
        let found = try String.fetchOne(db, sql: "SELECT value FROM library WHERE name = 'uuid'")
        if let uuid, found != uuid {
            report(
                .catalog,
                "catalogue \"\(file)\": belongs to library \(found ?? "unknown"), not \(uuid); "
                    + "put files of one library together"
            )
        }
        let texts = "typeof(name) = 'text' ORDER BY name"
        for key in try PackRow.keys(db) {
            do throws(StoreError) {
                do { _ = try PackRow.fetch(db, key) } catch {
                    throw StoreError(error, "read a pack", path)
                }
            } catch { try add(.pack(try PackRow.name(key, db)), error) }
        }
        for name in try String.fetchAll(db, sql: "SELECT name FROM compositions WHERE \(texts)") {
            do throws(StoreError) {
                do { _ = try CompositionRow.fetch(db, where: "name = ?", arguments: [name]) } catch
                {
                    throw StoreError(error, "read composition \(name)", path)
                }
            } catch { try add(.catalog, error) }
        }
        result.clipCount = try Int.fetchOne(db, sql: "SELECT count(*) FROM clips") ?? 0
        try ClipRow.forEachBroken(db) { row in
            let place = ClipID(hex: row.identity).map(LibraryProblem.Place.clip) ?? .catalog
            report(
                place,
                "clip \"\(row.name)\" (\(row.identity.prefix(12))): its row in \"\(file)\" is not what was "
                    + "written; look at its name, caption, tags and source"
            )
        }
    }

    private mutating func report(_ place: LibraryProblem.Place, _ text: String) {
        result.problems.append(LibraryProblem(place, text))
    }
}

// MARK: - The tensors

extension LibraryChecker {
    private mutating func check(_ store: TensorStore?, _ db: Database?, uuid: String?) throws {
        guard let store else {
            if let db {
                result.assetCount = try Int.fetchOne(db, sql: "SELECT count(*) FROM assets") ?? 0
            }
            return
        }
        while true {
            let isDone = try store.read { snapshot in
                let audit: TensorFileAudit
                do throws(StoreError) {
                    let found = try TensorFileAudit(
                        path: tensorsPath,
                        transaction: snapshot.number
                    )
                    guard let found else { return false }
                    audit = found
                } catch {
                    try add(.tensors, error)
                    return true
                }
                for fault in audit.faults {
                    report(.tensors, "tensors \"\(tensorsPath)\": \(fault)")
                }
                if audit.faults.isEmpty, let found = try snapshot.property("uuid"), let uuid,
                    found != uuid
                {
                    report(
                        .tensors,
                        "tensors \"\(tensorsPath)\": belong to library \(found), not \(uuid); put "
                            + "files of one library together"
                    )
                }
                if let db {
                    try check(audit, db)
                    if audit.faults.isEmpty { try checkParents(snapshot, db) }
                }
                return true
            }
            if isDone { return }
        }
    }

    /// Compares which clips compositions draw on with what their cards say.
    private mutating func checkParents(_ snapshot: TensorTransaction, _ db: Database) throws {
        for card in try snapshot.documentCards() {
            guard case .composition(let composition) = card else { continue }
            do throws(StoreError) {
                do {
                    guard try CompositionRow.lacksParents(of: composition, db) else { continue }
                } catch { throw StoreError(error, "read compositions", path) }
                report(
                    .catalog,
                    "composition \"\(composition.name)\": rows that name its clips are gone from "
                        + "\"\(path)/\(Library.catalogName)\"; vsdb repair writes them again"
                )
            } catch {
                // That its row is damaged is told already.
                if error.kind != .damaged { throw error }
            }
        }
    }

    /// Compares rows with records; these are read from the file, not through liblmdb.
    private mutating func check(_ audit: TensorFileAudit, _ db: Database) throws {
        let file = open(tensorsPath, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw StoreError.system(errno, "open", tensorsPath) }
        defer { close(file) }
        var unnamed = audit.records
        var buffer: [UInt8] = []
        try AssetRow.forEach(db) { row in
            result.assetCount += 1
            let asset: Asset
            switch row {
            case .success(let found): asset = found
            case .failure(let error):
                try add(.catalog, error)
                return
            }
            let place = unnamed.removeValue(forKey: asset.key)
            guard let fault = fault(of: asset, file, place, &buffer) else {
                if readsData { result.readByteCount += asset.byteCount }
                return
            }
            let name = try ClipRow.name(of: asset.clipID, db) ?? asset.clipID.short
            report(
                .clip(asset.clipID),
                "clip \"\(name)\" (\(asset.clipID)): the record of its \(asset.kind.name)"
                    + (place.map { " at byte \($0.offset)" } ?? "")
                    + " of \"\(tensorsPath)\" \(fault)"
            )
        }
        let identities = try Set(String.fetchAll(db, sql: "SELECT identity FROM clips"))
        let traces = try ClipTraces(db)
        var rowless = 0
        var kept: [TensorKey] = []
        for key in unnamed.keys {
            let hasRow = key.clip.map { identities.contains($0.hex) } ?? false
            // A row of an asset whose clip is gone is a problem of the catalogue.
            let isKept = try hasRow ? true : traces.has(clipOf: key)
            if key.isCard, !isKept { rowless += 1 }
            if !key.isCard, hasRow { kept.append(key) }
            if key.isCard || isKept { unnamed[key] = nil }
        }
        kept.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        for key in kept { try reportLackingRow(of: key, db) }
        if rowless > 0 {
            let have =
                "\(rowless.counted("clip")) \(rowless == 1 ? "has" : "have") tensors and no row: "
            result.notes.append(
                have
                    + (hasLoss
                        ? "vsdb repair writes what is lost again"
                        : "removed, or lost with the catalogue's log; vsdb repair --restore-removed writes "
                            + "lost rows again, vsdb gc deletes the tensors for good")
            )
        }
        if !unnamed.isEmpty {
            let bytes = unnamed.values.reduce(0) { $0 + $1.byteCount }
            result.notes.append(
                "\(unnamed.count.counted("tensor")) (\(bytes) bytes) that no clip names; "
                    + (hasLoss ? "vsdb repair comes first" : "vsdb gc deletes them")
            )
        }
        if audit.lostPageCount > 0 {
            result.notes.append(
                "\(audit.lostPageCount) of \(audit.pageCount) pages of \"\(tensorsPath)\" are neither "
                    + "used nor free; vsdb compact gives their room back"
            )
        }
    }
}

extension LibraryChecker {
    /// Reports a record whose clip has a row and whose asset has none, not even a damaged one.
    private mutating func reportLackingRow(of key: TensorKey, _ db: Database) throws {
        // Of another kind is what a newer vsdb wrote.
        guard let clip = key.clip, let kind = AssetKind(rawValue: key.bytes[32]) else { return }
        let asset = try db.cachedStatement(
            sql: """
                SELECT 1 FROM assets WHERE tensor_key = ?
                UNION ALL
                SELECT 1 FROM clips JOIN assets ON clip_id = clips.id
                WHERE identity = ? AND kind = ?
                """
        )
        let found = try Int.fetchOne(asset, arguments: [key.data, clip.hex, Int(kind.rawValue)])
        guard found == nil else { return }
        let name = try ClipRow.name(of: clip, db) ?? clip.short
        report(
            .clip(clip),
            "clip \"\(name)\" (\(clip)): the row of its \(kind.name) is gone from "
                + "\"\(path)/\(Library.catalogName)\", and its record is there"
        )
    }

    /// What is wrong with a record; an error of the disk is one thing of many here.
    private func fault(
        of asset: Asset,
        _ file: Int32,
        _ place: TensorFileAudit.Place?,
        _ buffer: inout [UInt8]
    ) -> String? {
        do throws(StoreError) {
            return try asset.fault(in: file, at: place, &buffer, readsData: readsData)
        } catch { return "cannot be read: \(error)" }
    }
}

extension Asset {
    /// What is wrong with a record that was found in the file, or not; nil if nothing is.
    ///
    /// - Throws: `StoreError`, `.failed` if the disk does not give the bytes.
    func fault(
        in file: Int32,
        at place: TensorFileAudit.Place?,
        _ buffer: inout [UInt8],
        readsData: Bool
    ) throws(StoreError) -> String? {
        guard let place else { return "is missing" }
        guard place.byteCount == TensorHeader.byteCount + byteCount else {
            return "has \(place.byteCount) bytes instead of \(TensorHeader.byteCount + byteCount)"
        }
        guard readsData else { return nil }
        if buffer.count < place.byteCount {
            buffer = [UInt8](repeating: 0, count: place.byteCount)
        }
        let count = buffer.withUnsafeMutableBytes {
            pread(file, $0.baseAddress, place.byteCount, off_t(place.offset))
        }
        guard count >= 0 else {
            throw StoreError(
                .failed,
                "tensors: byte \(place.offset) cannot be read: \(String(cString: strerror(errno))); the "
                    + "disk may fail: copy the library to another one and work on the copy"
            )
        }
        guard count == place.byteCount else { return "was cut short" }
        return buffer.withUnsafeBytes { bytes in
            let value = UnsafeRawBufferPointer(rebasing: bytes[..<place.byteCount])
            do throws(RecordFault) { _ = try check(value) } catch { return error.rule }
            return nil
        }
    }
}
