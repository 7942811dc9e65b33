import Foundation
import GRDB
import Tensors

/// The three parts of a library as wholes.
extension LibraryRepairer {
    /// Writes the catalogue anew if SQLite finds it damaged.
    mutating func mendCatalog(_ onStep: (Library.RepairStep) throws -> Void) throws {
        try setDamagedLogAside()
        guard let fault = try catalogFault() else { return }
        try removeIfThere(draft)
        defer { discardDraft(draft) }
        try makeFolder(draft)
        // Copies to work on: opening a database changes it.
        for suffix in ["", "-wal"] where fileExists(catalogPath + suffix) {
            try quarantine.keep(catalogPath + suffix)
            try FileManager.default.copyItem(
                atPath: catalogPath + suffix,
                toPath: draft + "/old.sqlite" + suffix
            )
        }
        let new = draft + "/new.sqlite"
        let salvage = try salvageCatalog(from: draft + "/old.sqlite", to: new)
        let queue = try DatabaseQueue(path: new)
        let marked = CommitMark(ofCatalog: catalogPath).count
        try queue.write { db in
            try Rebuilding.begin(db)
            // What the salvage could not read is told by itself.
            try CommitCount.catchUp(to: marked, db)
            // No log of the new file is of the old one.
            _ = try CommitCount.increase(db)
        }
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        try queue.close()
        try syncFile(new)
        try onStep(.catalogSalvaged)
        // SQLite would write an old log into the new file.
        for suffix in ["-wal", "-shm"] { try removeIfThere(catalogPath + suffix) }
        try replaceFile(catalogPath, by: new)
        try onStep(.catalogReplaced)
        let kept = salvage.kept["clips"] ?? 0
        report.actions.append(
            "wrote the catalogue anew (\(fault)): \(kept.counted("clip")) \(kept == 1 ? "is" : "are") in it"
        )
        report.actions += salvage.losses.map { "catalogue: \($0)" }
    }

    private mutating func setDamagedLogAside() throws {
        guard let fault = LogOrigin.fault(catalogPath) else { return }
        try quarantine.keep(catalogPath)
        let log = catalogPath + "-wal"
        let isKept = !fault.isForeign && LogOrigin.hasWorth(catalogPath)
        if isKept {
            try quarantine.keep(log)
            let queue = try DatabaseQueue(path: catalogPath)
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
            try queue.close()
            try removeIfThere(log)
        } else {
            try quarantine.move(log)
        }
        try removeIfThere(catalogPath + "-shm")
        needsCards = true
        let what =
            isKept
            ? "kept the whole commits of the catalogue's log" : "set the catalogue's log aside"
        report.actions.append(
            "\(what) (it \(fault.rule)): the \(isKept ? "others" : "last changes in it") are lost, but for what "
                + "the tensors know of them"
        )
    }

    /// Why the catalogue has to be written anew, or nil; errors that are no damage end the repair.
    private func catalogFault() throws -> String? {
        do {
            let catalog = try Catalog(path: catalogPath, waitSeconds: waitSeconds, isFrozen: false)
            let fault = try catalog.read { db -> String? in
                let fault = try String.fetchAll(db, sql: "PRAGMA integrity_check(3)")
                    .first { $0 != "ok" }
                if let fault { return fault }
                if let fault = try SchemaCheck.fault(db) { return fault }
                let dangling = try String.fetchOne(
                    db,
                    sql: "SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1"
                )
                return dangling.map { "a row of \($0) names one that is gone" }
            }
            try catalog.close()
            return fault
        } catch {
            let told = StoreError(error, "check it", path)
            // A list of tables that is not ours any more is an error of our SQL to SQLite.
            let isOfTables = (error as? DatabaseError)?.isDamage == true
            guard isOfTables || [.damaged, .stranger].contains(told.kind) else { throw told }
            return told.fact
        }
    }

    /// Brings what can be read into a new catalogue; if nothing can, an empty one for the cards to fill.
    private func salvageCatalog(from old: String, to new: String) throws -> CatalogSalvage {
        do { return try CatalogSalvage(from: old, to: new) } catch {
            let error = StoreError(error, "salvage the catalogue", path)
            guard error.kind == .damaged, try hasCards() else { throw error }
            let inTensors = try readTensors { try $0.property("uuid") }
            guard let uuid = try readManifest()?.uuid ?? inTensors else { throw error }
            for suffix in ["", "-wal", "-shm"] { try removeIfThere(new + suffix) }
            try Catalog.create(path: new, uuid: uuid, created: Date())
        }
        let isKept = fileExists(catalogPath)
        return CatalogSalvage(
            loss:
                "\(isKept ? "nothing of it can be read" : "it was not there"); what has a card is written "
                + "again, and the logs of ingest runs and renders are lost"
                + (isKept ? "; the old file is in the quarantine" : "")
        )
    }

    /// Whether the tensors hold what a catalogue can be written from.
    private func hasCards() throws -> Bool {
        try readTensors { snapshot in
            var found = false
            try snapshot.forEachKey { bytes, _ in
                if TensorKey(bytes)?.isCard == true { found = true }
            }
            return found
        } ?? false
    }

    /// Reads the tensors; nil if they are damaged as well, while other errors end the repair.
    private func readTensors<Result>(
        _ body: (TensorTransaction) throws -> Result?
    ) throws -> Result? {
        var result: Result?
        _ = try isDamaged("read its tensors") {
            result = try TensorStore(folder: tensorsFolder, isFrozen: false).read(body)
        }
        return result
    }

    /// Whether the tensors cannot be read at all.
    func areTensorsDamaged() throws -> Bool { try readTensors { _ in true } == nil }

    /// The manifest; nil if it is damaged or gone, a newer format being no damage.
    func readManifest() throws -> LibraryManifest? {
        do throws(StoreError) { return try LibraryManifest(path: manifestPath) } catch {
            guard [.damaged, .stranger, .noLibrary].contains(error.kind) else { throw error }
            return nil
        }
    }

    /// Makes manifest and catalogue name the same library: the one that two of the three parts name, or the
    /// only one that is named.
    mutating func mendIdentity() throws -> String {
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
        let manifest = try readManifest()
        let inCatalog = try property("uuid")
        let inTensors = try readTensors { try $0.property("uuid") }
        try refuseStrange(inCatalog, inTensors ?? manifest?.uuid)
        let named = [manifest?.uuid, inCatalog, inTensors].compactMap { $0 }
        let uuid =
            Set(named).count == 1
            ? named.first : named.first { uuid in named.count { $0 == uuid } >= 2 }
        guard let uuid else {
            throw StoreError(
                .stranger,
                "library \"\(path)\": its parts name different libraries, or none "
                    + "(\(named.joined(separator: ", "))); put files of one library together"
            )
        }
        if manifest?.uuid != uuid {
            let created = try property("created") ?? manifest?.created ?? timestamp(Date())
            try writeManifest(LibraryManifest(uuid: uuid, created: created))
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

    /// Refuses a catalogue of another library than the tensors; one whose UUID changed names what they hold.
    private func refuseStrange(_ inCatalog: String?, _ uuid: String?) throws {
        guard let inCatalog, let uuid, inCatalog != uuid else { return }
        var records: [TensorKey: TensorFileAudit.Place]?
        _ = try isDamaged("read its tensors") {
            records = try TensorFileAudit(path: tensorsPath, transaction: nil)?.records
        }
        guard let records else { return }
        let named = try checksums().keys
        let held = named.count { records[$0] != nil }
        guard named.isEmpty ? records.keys.contains(where: \.isCard) : 2 * held < named.count else {
            return
        }
        throw StoreError(
            .stranger,
            "catalogue \"\(catalogPath)\": belongs to library \(inCatalog), and the tensors to \(uuid); put files of "
                + "one library together, or move this one away, and vsdb repair writes the catalogue again "
                + "from the tensors"
        )
    }

    private mutating func writeManifest(_ manifest: LibraryManifest) throws {
        // Copying what is no file, such as a pipe, would wait for ever.
        if isRegularFile(manifestPath) {
            try quarantine.keep(manifestPath)
        } else {
            try quarantine.move(manifestPath)
        }
        let draft = manifestPath + ".draft"
        try removeIfThere(draft)
        try writeDurably(manifest.encoded(), to: draft)
        try replaceFile(manifestPath, by: draft)
        report.actions.append("wrote \(Library.manifestName) anew")
    }

    /// Writes the tensor file anew, of all records in it that are whole, if its trees are damaged.
    ///
    /// - Parameters:
    ///   - uuid: What they are to be of.
    ///   - wanted: The checksums that the catalogue names, by key; they choose among records of one key.
    ///   - onStep: Is told each step.
    /// - Throws: `StoreError`: `.noSpace`, `.stranger`; errors of the disk.
    mutating func mendTensors(
        uuid: String,
        checksums wanted: [TensorKey: String],
        _ onStep: (Library.RepairStep) throws -> Void
    ) throws {
        guard let fault = try tensorsFault(uuid, wanted) else { return }
        let salvage = try TensorSalvage(tensorsPath) { wanted[$0] }
        let bytes = salvage.places.values.reduce(0) { $0 + $1.byteCount }
        guard freeByteCount(path) > bytes + bytes / 4 else {
            throw StoreError.diskFull(path, needed: bytes + bytes / 4)
        }
        try removeIfThere(draft)
        defer { discardDraft(draft) }
        try TensorStore.create(folder: draft, uuid: uuid)
        do {
            let store = try TensorStore(folder: draft, isFrozen: false)
            var group: [TensorRecord] = []
            try salvage.forEachRecord { record in
                group.append(record)
                guard group.count >= 64 else { return }
                try store.put(group, replacing: false)
                group = []
            }
            try store.put(group, replacing: false)
        }
        try onStep(.tensorsSalvaged)
        try quarantine.keep(tensorsPath)
        try replaceFile(tensorsPath, by: draft + "/data.mdb")
        hasNewTensors = true
        try onStep(.tensorsReplaced)
        report.actions.append(
            "wrote the tensors anew (\(fault)): \(salvage.places.count.counted("record")) in them"
        )
    }

    /// Why the tensors have to be written anew, or nil; errors that are no damage end the repair.
    private func tensorsFault(_ uuid: String, _ wanted: [TensorKey: String]) throws -> String? {
        do {
            try TensorFileCheck.run(tensorsPath)
            let audit = try TensorFileAudit(path: tensorsPath, transaction: nil)
            if let fault = audit?.faults.first { return fault }
            let store = try TensorStore(folder: tensorsFolder, isFrozen: false)
            let found = try store.read { try $0.property("uuid") }
            guard let found, found != uuid else { return found == nil ? "its UUID is gone" : nil }
            // Of another library, or a changed byte: then they hold what the rows name.
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
            return error.fact
        }
    }

    /// The checksums that the catalogue names, by key; rows that are damaged name none.
    func checksums() throws -> [TensorKey: String] {
        try DatabaseQueue(path: catalogPath).read { db in
            var wanted: [TensorKey: String] = [:]
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT tensor_key, checksum FROM assets
                    WHERE typeof(tensor_key) = 'blob' AND typeof(checksum) = 'text'
                    """
            )
            while let row = try rows.next() {
                guard let key = TensorKey(try row.at(0) as Data) else { continue }
                wanted[key] = try row.at(1)
            }
            return wanted
        }
    }
}
