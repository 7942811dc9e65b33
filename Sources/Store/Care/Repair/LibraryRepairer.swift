import Foundation
import GRDB
import Glibc
import Tensors

/// One repair under way: first the files as wholes, then the rows and records in them.
///
/// What is taken out is kept in the quarantine before it goes. Only what reading shows to be damaged is
/// taken out: an error of the disk, of memory or of rights ends the repair, which can be run again.
struct LibraryRepairer {
    let path: String
    let waitSeconds: Double
    /// The fingerprint of the pack in a folder, which the store cannot compute; nil if there is none.
    let packFingerprint: (String) -> String?
    let quarantine: Quarantine
    /// Whether clips come back that were removed and not collected.
    let restoresRemoved: Bool
    /// Whether clips may have lost their rows, so that cards are looked through.
    var needsCards: Bool
    /// Whether the tensors were written anew, without what was noted beside them.
    var hasNewTensors = false
    /// Whether every clip with a card has its row again.
    var isRebuilt = false
    var report = RepairReport()

    init(
        path: String,
        waitSeconds: Double,
        restoresRemoved: Bool,
        packFingerprint: @escaping (String) -> String?
    ) {
        self.path = path
        self.packFingerprint = packFingerprint
        self.waitSeconds = waitSeconds
        self.restoresRemoved = restoresRemoved
        needsCards = restoresRemoved
        quarantine = Quarantine(library: path)
    }

    var manifestPath: String { path + "/" + Library.manifestName }
    var catalogPath: String { path + "/" + Library.catalogName }
    var tensorsFolder: String { path + "/" + Library.tensorsName }
    var tensorsPath: String { tensorsFolder + "/data.mdb" }
    /// Where files are written anew before they replace damaged ones.
    var draft: String { path + "/" + Leftovers.salvageName }

    mutating func run(
        _ onStep: (Library.RepairStep) throws -> Void
    ) throws -> RepairReport {
        guard fileExists(tensorsPath) else {
            if access(tensorsPath, F_OK) != 0, errno == EACCES {
                throw StoreError.system(EACCES, "look into", tensorsFolder)
            }
            throw StoreError(
                .damaged,
                "library \"\(path)\": \"\(tensorsPath)\" is missing, and nothing else holds what was in "
                    + "it; restore it from a backup"
            )
        }
        let lockPath = fileExists(manifestPath) ? manifestPath : path
        let alone = try LibraryLock(lockPath, .alone, waitSeconds: waitSeconds, "repair it")
        defer { withExtendedLifetime(alone) {} }
        // Of a repair that was killed.
        try removeIfThere(draft)
        do { try mendCatalog(onStep) } catch {
            // Where both are damaged the catalogue needs the cards, and so the tensors first.
            guard StoreError(error, "repair it", path).kind == .damaged,
                let uuid = try readManifest()?.uuid, try areTensorsDamaged()
            else { throw error }
            try mendTensors(uuid: uuid, checksums: [:], onStep)
            report.actions.append(
                "catalogue and tensors were damaged both: saved compositions and collections are lost"
            )
            try mendCatalog(onStep)
        }
        let uuid = try mendIdentity()
        try mendTensors(uuid: uuid, checksums: try checksums(), onStep)
        let catalog = try Catalog(path: catalogPath, waitSeconds: waitSeconds, isFrozen: false)
        try catalog.refuseOlder()
        let store = try TensorStore(folder: tensorsFolder, isFrozen: false)
        try findLost(catalog, store)
        let broken = try catalog.write { try takeOutBrokenRows(store, $0) }
        try restoreFromCards(catalog, store)
        try mendRecords(catalog, store, broken)
        try catalog.read { try writeLackingCards(store, $0) }
        // Last of what is done to them: they come back until it is noted.
        try store.setRowlessNotes(RowlessNote.removed(), of: report.lostClips.compactMap(\.id))
        try store.setRowlessNotes(nil, of: try catalog.read { try Rowless(store, $0).settled })
        if isRebuilt {
            // Last: what was interrupted before is done again.
            try catalog.write { db in
                try Rebuilding.end(db)
                try CommitCount.forgetLoss(db)
            }
        }
        try onStep(.rowsDropped)
        try catalog.close()
        report.quarantine = quarantine.usedFolder
        return report
    }

    /// Looks whether clips lost their rows.
    private mutating func findLost(_ catalog: Catalog, _ store: TensorStore) throws {
        let (rowless, hasLoss) = try catalog.read { db in
            (
                try Rowless(store, db),
                try CommitCount.loss(db, marked: CommitMark(ofCatalog: catalogPath).count) != nil
                    || Rebuilding.isUnderWay(db)
            )
        }
        guard !rowless.lost.isEmpty else { return }
        // Tensors that were written anew have no notes, and then the catalogue is what is right.
        guard !hasNewTensors || hasLoss || needsCards else {
            return try store.setRowlessNotes(RowlessNote.removed(), of: rowless.lost)
        }
        needsCards = true
        // Commits of this repair would make older notes look known.
        try store.setRowlessNotes(nil, of: rowless.lost)
        if !hasLoss {
            report.actions.append(
                "\(rowless.lost.count.counted("clip")) had tensors and no row, and nothing removed "
                    + (rowless.lost.count == 1 ? "it" : "them")
            )
        }
    }

    /// Whether reading something finds it damaged; any other error ends the repair.
    func isDamaged(_ doing: String, _ read: () throws -> Void) throws -> Bool {
        do {
            try read()
            return false
        } catch {
            let error = StoreError(error, doing, path)
            guard error.kind == .damaged else { throw error }
            return true
        }
    }

    /// Keeps rows in the quarantine and deletes them.
    func takeOut(
        _ table: String,
        _ condition: String,
        _ arguments: StatementArguments,
        _ db: Database
    ) throws {
        try keep(table, condition, arguments, db)
        try db.execute(sql: "DELETE FROM \(table) WHERE \(condition)", arguments: arguments)
    }

    /// Keeps rows in the quarantine.
    func keep(
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
    }
}

/// That rows were lost and the cards have to be looked through, as a property of the catalogue: it
/// stays until every clip with a card has its row, whatever interrupts the repairs until then.
enum Rebuilding {
    static func begin(_ db: Database) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO library VALUES ('rebuilding', 'from cards')"
        )
    }

    static func isUnderWay(_ db: Database) throws -> Bool {
        try Int.fetchOne(db, sql: "SELECT 1 FROM library WHERE name = 'rebuilding'") != nil
    }

    static func end(_ db: Database) throws {
        try db.execute(sql: "DELETE FROM library WHERE name = 'rebuilding'")
    }
}
