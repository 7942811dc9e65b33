import Foundation
import GRDB
import Glibc

/// A clip that could not be kept, and what to do for it.
public struct LostClip: Sendable, Equatable {
    /// What it was.
    public let id: ClipID
    /// Its name in the library.
    public let name: String
    /// The file that it was cut from; ingest it again.
    public let sourcePath: String
    /// The first second of the range in the source.
    public let start: Double
    /// The second of the source where the range ends.
    public let end: Double
    /// What of it is damaged.
    public let reason: String
}

/// What a repair did, or would do.
public struct RepairReport: Sendable, Equatable {
    /// What was done, a sentence each, in order; empty for a sound library.
    public internal(set) var actions: [String] = []
    /// The clips that were taken out.
    public internal(set) var lostClips: [LostClip] = []
    /// Saved recipes that lost a clip, by name.
    public internal(set) var brokenCompositions: [String] = []
    /// Where everything lies that was taken out; nil if nothing was.
    public internal(set) var quarantine: String?
    /// What is still wrong.
    public internal(set) var remaining: [LibraryProblem] = []

    /// Whether there was nothing to do.
    public var isEmpty: Bool { self == RepairReport() }
}

extension Library {
    /// The points of a repair between which a process may die.
    package enum RepairStep: String, Sendable, CaseIterable {
        case catalogSalvaged, catalogReplaced, tensorsSalvaged, tensorsReplaced, rowsDropped
    }

    /// Makes a damaged library whole again, of what is whole.
    ///
    /// Nobody else may use it meanwhile. A lost catalogue is written again from the clips' cards; then
    /// clips that were removed and not collected come back, too, and collections, saved compositions
    /// and logs are lost as far as they could not be read. A damaged file is set aside and written anew from every row or
    /// record in it that can be read; a clip whose codes are damaged is taken out, with its rows and
    /// records kept in the quarantine; numbers that can be computed again are dropped. Nothing is
    /// deleted. What is done can be interrupted at any point, and done again.
    ///
    /// - Parameters:
    ///   - path: The library's folder; this process has it not open.
    ///   - waitSeconds: How long to wait for other processes to end.
    ///   - restoresRemoved: Whether clips that have tensors and no row get their rows again: those that
    ///     lost them with the catalogue's log, and those that were removed since the last collection.
    ///   - packFingerprint: The fingerprint of the pack in a folder, which the store cannot compute; for
    ///     packs whose rows are lost.
    /// - Returns: What was done, and what has to be ingested again.
    /// - Throws: `StoreError`: `.noLibrary`, `.locked`, `.olderFormat`, `.noSpace`, `.notWritable`, or
    ///   `.damaged` if a file is missing or nothing in it can be read: then only a backup helps.
    public static func repair(
        at path: String,
        waitSeconds: Double = 10,
        restoresRemoved: Bool = false,
        packFingerprint: (String) -> String? = { _ in nil }
    ) throws(StoreError) -> RepairReport {
        try repair(
            at: path,
            waitSeconds: waitSeconds,
            restoresRemoved: restoresRemoved,
            packFingerprint: packFingerprint,
            onStep: { _ in }
        )
    }

    /// Repairs and reports each step; a step that throws stands for a crash there.
    package static func repair(
        at path: String,
        waitSeconds: Double,
        restoresRemoved: Bool = false,
        packFingerprint: (String) -> String? = { _ in nil },
        onStep: (RepairStep) throws -> Void
    ) throws(StoreError) -> RepairReport {
        let path = absolute(path)
        guard isLibrary(path) else { throw noLibrary(at: path) }
        do {
            var repairer = LibraryRepairer(
                path: path,
                waitSeconds: waitSeconds,
                restoresRemoved: restoresRemoved
            )
            var report = try repairer.run(packFingerprint, onStep)
            report.remaining = try check(at: path, readData: true, waitSeconds: waitSeconds)
                .problems
            return report
        } catch { throw StoreError(error, "repair it", path) }
    }
}

/// One repair under way.
private struct LibraryRepairer {
    let path: String
    let waitSeconds: Double
    let quarantine: Quarantine
    /// Whether clips may have lost their rows, so that cards are looked through.
    private var needsCards: Bool
    private var report = RepairReport()

    init(path: String, waitSeconds: Double, restoresRemoved: Bool) {
        self.path = path
        self.waitSeconds = waitSeconds
        needsCards = restoresRemoved
        quarantine = Quarantine(library: path)
    }

    private var manifestPath: String { path + "/" + Library.manifestName }
    private var catalogPath: String { path + "/" + Library.catalogName }
    private var tensorsFolder: String { path + "/" + Library.tensorsName }
    private var tensorsPath: String { tensorsFolder + "/data.mdb" }

    mutating func run(
        _ packFingerprint: (String) -> String?,
        _ onStep: (Library.RepairStep) throws -> Void
    ) throws -> RepairReport {
        guard fileExists(tensorsPath) else {
            throw StoreError(
                .damaged,
                "library \"\(path)\": \"\(tensorsPath)\" is missing, and nothing else holds what was in "
                    + "it; restore it from a backup"
            )
        }
        let lockPath = fileExists(manifestPath) ? manifestPath : path
        let alone = try LibraryLock(lockPath, .alone, waitSeconds: waitSeconds, "repair it")
        defer { withExtendedLifetime(alone) {} }
        try mendCatalog(onStep)
        let uuid = try mendIdentity()
        try mendTensors(uuid: uuid, onStep)
        let catalog = try Catalog(path: catalogPath, waitSeconds: waitSeconds, isFrozen: false)
        try catalog.refuseOlder()
        if needsCards {
            try catalog.write { db in
                try db.execute(
                    sql: "INSERT OR REPLACE INTO library VALUES ('rebuilding', 'from cards')"
                )
            }
        }
        try restorePacks(catalog, packFingerprint)
        try restoreClips(catalog)
        try mendRows(catalog, onStep)
        try catalog.close()
        report.quarantine = quarantine.usedFolder
        return report
    }
}

// MARK: - The files

extension LibraryRepairer {
    /// Writes the catalogue anew if SQLite finds it damaged.
    private mutating func mendCatalog(_ onStep: (Library.RepairStep) throws -> Void) throws {
        let log = catalogPath + "-wal"
        do throws(StoreError) { try LogCheck.run(log) } catch {
            try quarantine.keep(catalogPath)
            try quarantine.move(log)
            try? FileManager.default.removeItem(atPath: catalogPath + "-shm")
            report.actions.append(
                "set the catalogue's log aside, which was damaged: the last changes in it are lost, "
                    + "but for clips, which have cards"
            )
            needsCards = true
        }
        guard let fault = try catalogFault() else { return }
        // Copies to work on: opening a database changes it.
        let draft = path + "/.salvaging"
        try? FileManager.default.removeItem(atPath: draft)
        defer { try? FileManager.default.removeItem(atPath: draft) }
        try makeFolder(draft)
        for suffix in ["", "-wal"] where fileExists(catalogPath + suffix) {
            try quarantine.keep(catalogPath + suffix)
            try FileManager.default.copyItem(
                atPath: catalogPath + suffix,
                toPath: draft + "/old.sqlite" + suffix
            )
        }
        let new = draft + "/new.sqlite"
        let salvage: CatalogSalvage
        do {
            salvage = try CatalogSalvage(from: draft + "/old.sqlite", to: new)
        } catch {
            // Nothing can be read: an empty one, which the cards of the clips will fill.
            // An error of the disk tells nothing about what could be read.
            guard StoreError(error, "salvage", path).kind == .damaged, hasCards,
                let uuid = knownUUID
            else { throw error }
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: new + suffix)
            }
            try Catalog.create(path: new, uuid: uuid, created: Date())
            salvage = CatalogSalvage(
                loss:
                    "nothing of it can be read: saved compositions, collections and logs are lost; "
                    + "the old file is in the quarantine"
            )
        }
        try Self.setRebuilding(true, new)
        try syncFile(new)
        try onStep(.catalogSalvaged)
        for suffix in ["-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: catalogPath + suffix)
        }
        try replaceFile(catalogPath, by: new)
        try onStep(.catalogReplaced)
        let kept = salvage.kept["clips"] ?? 0
        report.actions.append(
            "wrote the catalogue anew (\(fault)): \(kept) clips are in it"
        )
        report.actions += salvage.losses.map { "catalogue: \($0)" }
    }

    /// Whether the tensors hold what a catalogue can be written from.
    private var hasCards: Bool {
        var found = false
        let store = try? TensorStore(folder: tensorsFolder, isFrozen: false)
        try? store?.read { snapshot in
            try snapshot.forEachKey { bytes, _ in
                if TensorKey(bytes)?.isCard == true { found = true }
            }
        }
        return found
    }

    /// The UUID that the manifest or the tensors name.
    private var knownUUID: String? {
        if let manifest = try? LibraryManifest(path: manifestPath) { return manifest.uuid }
        let store = try? TensorStore(folder: tensorsFolder, isFrozen: false)
        return try? store?.read { try $0.property("uuid") }
    }

    /// Notes in a catalogue that rows of it are lost, until all clips with cards are in it again.
    private static func setRebuilding(_ isRebuilding: Bool, _ path: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in
            try db.execute(
                sql: isRebuilding
                    ? "INSERT OR REPLACE INTO library VALUES ('rebuilding', 'from cards')"
                    : "DELETE FROM library WHERE name = 'rebuilding'"
            )
        }
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        try queue.close()
    }

    /// Why the catalogue has to be written anew, or nil; errors that are no damage end the repair.
    private func catalogFault() throws -> String? {
        do {
            let catalog = try Catalog(path: catalogPath, waitSeconds: waitSeconds, isFrozen: false)
            defer { try? catalog.close() }
            return try catalog.read { db in
                let fault = try String.fetchAll(db, sql: "PRAGMA integrity_check(3)")
                    .first { $0 != "ok" }
                if let fault { return fault }
                let dangling = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").first
                return dangling.map { "a row of \($0[0] as String) names one that is gone" }
            }
        } catch {
            let error = StoreError(error, "check it", path)
            guard [.damaged, .stranger, .failed].contains(error.kind) else { throw error }
            return error.description
        }
    }

    /// Makes manifest and catalogue name the same library: the one that two of the three parts name.
    private mutating func mendIdentity() throws -> String {
        let queue = try DatabaseQueue(path: catalogPath)
        func property(_ name: String) throws -> String? {
            try queue.read { db in
                try String.fetchOne(
                    db,
                    sql: "SELECT value FROM library WHERE name = ?",
                    arguments: [name]
                )
            }
        }
        var manifest: LibraryManifest?
        do throws(StoreError) { manifest = try LibraryManifest(path: manifestPath) } catch {
            // A newer format is no damage.
            if error.kind == .newerFormat { throw error }
        }
        let inCatalog = try property("uuid")
        let inTensors = try? TensorStore(folder: tensorsFolder, isFrozen: false)
            .read { try $0.property("uuid") }
        let named = [manifest?.uuid, inCatalog, inTensors ?? nil].compactMap { $0 }
        let uuid = named.first { uuid in named.count { $0 == uuid } >= 2 } ?? named.first
        guard let uuid, named.count < 3 || named.count(where: { $0 == uuid }) >= 2 else {
            throw StoreError(
                .stranger,
                "library \"\(path)\": its three parts name different libraries "
                    + "(\(named.joined(separator: ", "))); put files of one library together"
            )
        }
        if manifest?.uuid != uuid {
            let created = try property("created") ?? manifest?.created ?? timestamp(Date())
            if isRegularFile(manifestPath) {
                try quarantine.keep(manifestPath)
            } else {
                try quarantine.move(manifestPath)
            }
            let draft = manifestPath + ".draft"
            try? FileManager.default.removeItem(atPath: draft)
            try writeDurably(LibraryManifest(uuid: uuid, created: created).encoded(), to: draft)
            try replaceFile(manifestPath, by: draft)
            report.actions.append("wrote \(Library.manifestName) anew")
        }
        if inCatalog != uuid {
            try queue.write { db in
                try db.execute(
                    sql: "INSERT OR REPLACE INTO library VALUES ('uuid', ?)",
                    arguments: [uuid]
                )
            }
            report.actions.append("wrote the library's UUID into the catalogue again")
        }
        return uuid
    }

    /// Writes the tensor file anew, of all records in it that are whole, if its trees are damaged.
    private mutating func mendTensors(
        uuid: String,
        _ onStep: (Library.RepairStep) throws -> Void
    ) throws {
        guard let fault = try tensorsFault(uuid) else { return }
        let wanted = try checksums()
        let salvage = try TensorSalvage(tensorsPath) { wanted[$0] }
        let bytes = salvage.places.values.reduce(0) { $0 + $1.byteCount }
        guard freeByteCount(path) > bytes + bytes / 4 else {
            throw StoreError.diskFull(path, needed: bytes + bytes / 4)
        }
        let draft = path + "/.salvaging"
        try? FileManager.default.removeItem(atPath: draft)
        defer { try? FileManager.default.removeItem(atPath: draft) }
        try TensorStore.create(folder: draft, uuid: uuid)
        do {
            let store = try TensorStore(folder: draft, isFrozen: false)
            var group: [TensorRecord] = []
            try salvage.forEachRecord { record in
                group.append(record)
                guard group.count >= 64 else { return }
                try store.putIfAbsent(group)
                group = []
            }
            try store.putIfAbsent(group)
        }
        try onStep(.tensorsSalvaged)
        try quarantine.keep(tensorsPath)
        // The old lock file belongs to the old file: nobody else has it open.
        try? FileManager.default.removeItem(atPath: tensorsFolder + "/lock.mdb")
        try replaceFile(tensorsPath, by: draft + "/data.mdb")
        try onStep(.tensorsReplaced)
        report.actions.append(
            "wrote the tensors anew (\(fault)): \(salvage.places.count) records are in them"
        )
    }

    private func tensorsFault(_ uuid: String) throws -> String? {
        do {
            try TensorFileCheck.run(tensorsPath)
            let audit = try TensorFileAudit(path: tensorsPath, transaction: nil)
            if let fault = audit?.faults.first { return fault }
            let store = try TensorStore(folder: tensorsFolder, isFrozen: false)
            let found = try store.read { try $0.property("uuid") }
            guard let found, found != uuid else { return found == nil ? "its UUID is gone" : nil }
            // Of another library, or a changed byte: then they hold what the rows name.
            let wanted = try checksums()
            let held = wanted.keys.count { audit?.records[$0] != nil }
            guard held > 0, 2 * held >= wanted.count else {
                throw StoreError(
                    .stranger,
                    "tensors \"\(tensorsPath)\": belong to library \(found), not \(uuid); put files "
                        + "of one library together"
                )
            }
            return "its UUID changed"
        } catch {
            let error = StoreError(error, "check it", path)
            guard error.kind == .damaged else { throw error }
            return error.description
        }
    }

    /// The checksums that the catalogue names, by key.
    private func checksums() throws -> [TensorKey: String] {
        try DatabaseQueue(path: catalogPath).read { db in
            var wanted: [TensorKey: String] = [:]
            let rows = try Row.fetchCursor(db, sql: "SELECT tensor_key, checksum FROM assets")
            while let row = try rows.next() {
                guard let key = TensorKey(row[0] as Data) else { continue }
                wanted[key] = row[1] as String
            }
            return wanted
        }
    }
}

// MARK: - The cards

extension LibraryRepairer {
    private func isRebuilding(_ db: Database) throws -> Bool {
        try String.fetchOne(db, sql: "SELECT value FROM library WHERE name = 'rebuilding'") != nil
    }

    /// Writes the rows of packs whose files are there and whose rows are lost.
    private mutating func restorePacks(
        _ catalog: Catalog,
        _ packFingerprint: (String) -> String?
    ) throws {
        guard try catalog.read({ try isRebuilding($0) }) else { return }
        let folder = path + "/packs"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []
        for name in names where !name.hasPrefix(".") {
            let file = folder + "/" + name + "/pack.json"
            guard let fingerprint = packFingerprint(folder + "/" + name),
                let manifest = try? String(contentsOfFile: file, encoding: .utf8)
            else { continue }
            let pack = PackRecord(
                name: name,
                fingerprint: fingerprint,
                folder: name,
                manifestJSON: manifest
            )
            let isNew = try catalog.write { db in
                try db.execute(
                    sql: """
                        INSERT OR IGNORE INTO packs
                            (fingerprint, name, folder, manifest, is_default, added, checksum)
                        VALUES (?, ?, ?, ?, (SELECT count(*) = 0 FROM packs), ?, ?)
                        """,
                    arguments: [
                        pack.fingerprint, name, pack.folder, manifest, timestamp(pack.added),
                        PackRow.checksum(pack),
                    ]
                )
                return db.changesCount > 0
            }
            if isNew { report.actions.append("wrote the row of pack \"\(name)\" again") }
        }
    }

    /// Writes the rows of clips that were lost with a part of the catalogue, from their cards.
    private mutating func restoreClips(_ catalog: Catalog) throws {
        guard try catalog.read({ try isRebuilding($0) }) else { return }
        let store = try TensorStore(folder: tensorsFolder, isFrozen: false)
        var restored = 0
        var lacking: [String: Int] = [:]
        try catalog.write { db in
            try store.read { snapshot in
                try snapshot.forEachKey { bytes, _ in
                    guard let key = TensorKey(bytes), key.isCard, let id = key.clip,
                        try ClipRow.name(of: id, db) == nil,
                        let found = try snapshot.withValue(key, { ClipCard(record: $0) }),
                        let card = found, card.clip.id == id
                    else { return }
                    let pack = card.packFingerprint.lowercased()
                    let hasPack = try Int.fetchOne(
                        db,
                        sql: "SELECT 1 FROM packs WHERE fingerprint = ?",
                        arguments: [pack]
                    )
                    guard hasPack != nil else {
                        lacking[pack, default: 0] += 1
                        return
                    }
                    _ = try ClipRow.insert(PendingClip(card.clip), db)
                    restored += 1
                }
            }
            if lacking.isEmpty {
                try db.execute(sql: "DELETE FROM library WHERE name = 'rebuilding'")
            }
        }
        if restored > 0 {
            report.actions.append(
                "wrote the rows of \(restored) clips again, from their cards; those that were removed "
                    + "since the last vsdb gc are among them"
            )
        }
        for (pack, count) in lacking.sorted(by: { $0.key < $1.key }) {
            report.actions.append(
                "\(count) clips wait for the pack \(pack.prefix(12)): add it with vsdb pack add, and "
                    + "repair again"
            )
        }
    }
}

// MARK: - The rows

extension LibraryRepairer {
    /// Takes out what cannot be whole.
    private mutating func mendRows(
        _ catalog: Catalog,
        _ onStep: (Library.RepairStep) throws -> Void
    ) throws {
        let store = try TensorStore(folder: tensorsFolder, isFrozen: false)
        guard let audit = try TensorFileAudit(path: tensorsPath, transaction: nil) else { return }
        let file = open(tensorsPath, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw StoreError.system(errno, "open", tensorsPath) }
        defer { close(file) }
        var spoilt: [TensorKey] = []
        try catalog.write { db in
            try restoreAssetRows(audit, store, db)
            var buffer: [UInt8] = []
            var damagedAssets: [Asset] = []
            var damagedRows: [Int64: String] = [:]
            var reasons: [ClipID: String] = [:]
            for number in try Int64.fetchAll(db, sql: "SELECT id FROM assets ORDER BY id") {
                do throws(StoreError) {
                    guard let asset = try assetRow(number, db) else { continue }
                    let place = audit.records[asset.key]
                    let fault = asset.fault(in: file, at: place, &buffer, readsData: true)
                    guard let fault else { continue }
                    damagedAssets.append(asset)
                    if !asset.kind.isDerived, reasons[asset.clipID] == nil {
                        reasons[asset.clipID] = "the record of its \(asset.kind.name) \(fault)"
                    }
                } catch {
                    if error.kind == .newerFormat { continue }
                    damagedRows[number] = error.description
                }
            }
            spoilt = try dropAssets(damagedAssets, audit, file, reasons, db)
            try dropAssetRows(damagedRows, db)
            try mendClips(store, db)
            try mendDocuments(db)
        }
        // Rows first: a row never lacks its record.
        try store.delete(spoilt)
        try onStep(.rowsDropped)
    }

    private func assetRow(_ number: Int64, _ db: Database) throws(StoreError) -> Asset? {
        do {
            return try AssetRow.fetch(db, where: "assets.id = ?", arguments: [number]).first
        } catch { throw StoreError(error, "read asset \(number)", path) }
    }

    /// Writes the rows of assets that were lost with a part of the catalogue, from their records.
    private mutating func restoreAssetRows(
        _ audit: TensorFileAudit,
        _ store: TensorStore,
        _ db: Database
    ) throws {
        var count = 0
        let clips = try Row.fetchAll(db, sql: "SELECT id, identity, pack_fingerprint FROM clips")
        try store.read { snapshot in
            for row in clips {
                guard let id = ClipID(hex: row[1]) else { continue }
                for kind in AssetKind.allCases {
                    let key = TensorKey(clip: id, kind: kind)
                    guard audit.records[key] != nil else { continue }
                    let known = try Int.fetchOne(
                        db.cachedStatement(
                            sql: "SELECT 1 FROM assets WHERE clip_id = ? AND kind = ?"
                        ),
                        arguments: [row[0] as Int64, Int(kind.rawValue)]
                    )
                    guard known == nil else { continue }
                    let header = try snapshot.withValue(key) { try? TensorHeader($0) } ?? nil
                    guard let header else { continue }
                    try AssetRow.insert(
                        kind,
                        key,
                        header,
                        clip: row[0],
                        pack: row[2],
                        provenance: #"{"restored":"from its record"}"#,
                        db
                    )
                    count += 1
                }
            }
        }
        if count > 0 {
            report.actions.append("wrote the rows of \(count) assets again, from their records")
        }
    }

    /// Takes out assets whose records are damaged; with what cannot be computed again, the clip goes.
    private mutating func dropAssets(
        _ assets: [Asset],
        _ audit: TensorFileAudit,
        _ file: Int32,
        _ reasons: [ClipID: String],
        _ db: Database
    ) throws -> [TensorKey] {
        for asset in assets {
            guard let place = audit.records[asset.key], place.byteCount < 1 << 30 else { continue }
            var bytes = Data(count: place.byteCount)
            let count = bytes.withUnsafeMutableBytes {
                pread(file, $0.baseAddress, place.byteCount, off_t(place.offset))
            }
            if count > 0 { try quarantine.keep(record: bytes.prefix(count), of: asset.key) }
        }
        for (id, assets) in Dictionary(grouping: assets, by: \.clipID).sorted(by: {
            $0.key < $1.key
        }) {
            guard assets.allSatisfy(\.kind.isDerived) else {
                try dropClip(id, reasons[id] ?? "a record is damaged", db)
                continue
            }
            for asset in assets {
                try keepAndDelete("assets", "id = ?", [asset.id.number], db)
                report.actions.append(
                    "dropped the \(asset.kind.name) of clip \(id): it is derived"
                )
            }
        }
        return assets.map(\.key)
    }

    private mutating func dropAssetRows(_ rows: [Int64: String], _ db: Database) throws {
        for (number, reason) in rows.sorted(by: { $0.key < $1.key }) {
            let clip = try String.fetchOne(
                db,
                sql: """
                    SELECT identity FROM clips JOIN assets ON clips.id = clip_id WHERE assets.id = ?
                    """,
                arguments: [number]
            )
            guard let id = clip.flatMap(ClipID.init(hex:)) else { continue }
            try dropClip(id, reason, db)
        }
    }

    /// Takes out clips that are not what their id says, and seals what is left.
    private mutating func mendClips(_ store: TensorStore, _ db: Database) throws {
        var broken: [(name: String, identity: String)] = []
        try ClipRow.forEachBroken(db) { broken.append(($0, $1)) }
        for (name, identity) in broken {
            guard let id = ClipID(hex: identity) else {
                try keepAndDelete("clips", "identity = ?", [identity], db)
                report.actions.append("took out the clip \"\(name)\": its id is not one")
                continue
            }
            let clip = try? ClipRow.fetch(db, where: "clips.identity = ?", arguments: [identity])
                .first
            let computed = clip.map { clip in
                ClipID(
                    sourceSHA256: clip.source.sha256,
                    start: clip.start,
                    end: clip.end,
                    packFingerprint: clip.packFingerprint,
                    settings: clip.settings
                )
            }
            guard computed == id else {
                try dropClip(id, "its row is not what its id was computed from", db)
                continue
            }
            let rows = try Row.fetchCursor(
                db,
                sql: "SELECT * FROM clips WHERE identity = ?",
                arguments: [identity]
            )
            try quarantine.keep(rowsOf: "clips", rows)
            let number = try Int64.fetchOne(
                db,
                sql: "SELECT id FROM clips WHERE identity = ?",
                arguments: [identity]
            )
            guard let number else { continue }
            let card = try store.read { snapshot in
                try snapshot.withValue(TensorKey(cardOf: id)) { ClipCard(record: $0) } ?? nil
            }
            if let card { try restoreWords(of: card, number, db) }
            try ClipRow.seal(number, db)
            let what =
                "clip \"\(name)\" (\(id)): its name, caption, tags or source path changed on the disk"
            report.actions.append(
                card == nil
                    ? "\(what); its codes are whole; look at it with vsdb show and correct it"
                    : "\(what); caption, tags and path are those of its card again"
            )
        }
    }

    private func restoreWords(of card: ClipCard, _ number: Int64, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE clips SET caption = ? WHERE id = ?",
            arguments: [card.caption, number]
        )
        try db.execute(
            sql:
                "UPDATE sources SET path = ? WHERE id = (SELECT source_id FROM clips WHERE id = ?)",
            arguments: [card.sourcePath, number]
        )
        try db.execute(sql: "DELETE FROM clip_tags WHERE clip_id = ?", arguments: [number])
        for tag in Set(card.tags) {
            try db.execute(
                sql: "INSERT INTO clip_tags (clip_id, tag) VALUES (?, ?)",
                arguments: [number, tag]
            )
        }
    }

    /// Takes out recipes, and mends rows of packs, that do not match their checksums.
    private mutating func mendDocuments(_ db: Database) throws {
        for name in try String.fetchAll(db, sql: "SELECT name FROM compositions ORDER BY name") {
            do { _ = try CompositionRow.fetch(db, where: "name = ?", arguments: [name]) } catch {
                try keepAndDelete("compositions", "name = ?", [name], db)
                report.actions.append("took out the composition \"\(name)\": its recipe changed")
            }
        }
        for name in try String.fetchAll(db, sql: "SELECT name FROM packs ORDER BY name") {
            do { _ = try PackRow.fetch(db, where: "name = ?", arguments: [name]) } catch {
                try mendPack(name, db)
            }
        }
    }

    private mutating func mendPack(_ name: String, _ db: Database) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: "SELECT * FROM packs WHERE name = ?",
            arguments: [name]
        )
        try quarantine.keep(rowsOf: "packs", rows)
        guard
            let row = try Row.fetchOne(
                db,
                sql: "SELECT fingerprint, folder, added FROM packs WHERE name = ?",
                arguments: [name]
            )
        else { return }
        let folder: String = row[1]
        let candidates = [folder, "packs/" + folder, "packs/" + name].map { path + "/" + $0 }
        let manifest = candidates.lazy
            .compactMap { try? String(contentsOfFile: $0 + "/pack.json", encoding: .utf8) }
            .first { (try? JSONSerialization.jsonObject(with: Data($0.utf8))) != nil }
        guard let manifest else {
            report.actions.append(
                "pack \"\(name)\": its row changed on the disk and its pack.json cannot be read; add "
                    + "it again with vsdb pack add"
            )
            return
        }
        let pack = PackRecord(
            name: name,
            fingerprint: row[0],
            folder: folder,
            manifestJSON: manifest,
            added: (try? date(row[2])) ?? Date()
        )
        try db.execute(
            sql: "UPDATE packs SET manifest = ?, added = ?, checksum = ? WHERE name = ?",
            arguments: [manifest, timestamp(pack.added), PackRow.checksum(pack), name]
        )
        report.actions.append("wrote the row of pack \"\(name)\" anew, from its pack.json")
    }

    /// Takes a clip out, with its rows kept.
    private mutating func dropClip(_ id: ClipID, _ reason: String, _ db: Database) throws {
        guard
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT clips.id, clips.name, sources.path, start_seconds, end_seconds, source_id
                    FROM clips LEFT JOIN sources ON sources.id = source_id WHERE identity = ?
                    """,
                arguments: [id.hex]
            )
        else { return }
        let number: Int64 = row[0]
        report.lostClips.append(
            LostClip(
                id: id,
                name: row[1],
                sourcePath: row[2] ?? "",
                start: row[3],
                end: row[4],
                reason: reason
            )
        )
        let users = try String.fetchAll(
            db,
            sql: """
                SELECT DISTINCT name FROM compositions JOIN composition_parents
                ON composition_id = compositions.id WHERE clip_identity = ?
                """,
            arguments: [id.hex]
        )
        report.brokenCompositions = Set(report.brokenCompositions + users).sorted()
        let source: Int64? = row[5]
        let parts: [(String, String, StatementArguments)] = [
            ("assets", "clip_id = ?", [number]), ("clip_tags", "clip_id = ?", [number]),
            ("collection_clips", "clip_id = ?", [number]), ("sources", "id = ?", [source]),
        ]
        for (table, condition, arguments) in parts {
            let rows = try Row.fetchCursor(
                db,
                sql: "SELECT * FROM \(table) WHERE \(condition)",
                arguments: arguments
            )
            try quarantine.keep(rowsOf: table, rows)
        }
        try keepAndDelete("clips", "id = ?", [number], db)
    }

    private func keepAndDelete(
        _ table: String,
        _ condition: String,
        _ arguments: StatementArguments,
        _ db: Database
    ) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: "SELECT * FROM \(table) WHERE \(condition)",
            arguments: arguments
        )
        try quarantine.keep(rowsOf: table, rows)
        try db.execute(sql: "DELETE FROM \(table) WHERE \(condition)", arguments: arguments)
    }
}

extension AssetKind {
    /// Whether the numbers are computed again, or done without, where they are missing.
    var isDerived: Bool { self == .motion || self == .thumbnails }
}
