import Foundation
import GRDB
import Glibc
import Tensors

/// The tensors, and whether each row has its record and each record its row.
extension LibraryChecker {
    mutating func check(_ store: TensorStore?, _ db: Database?, uuid: String?) throws {
        guard let store else {
            if let db {
                result.assetCount = try Int.fetchOne(db, sql: "SELECT count(*) FROM assets") ?? 0
            }
            return
        }
        // Each commit of others takes a meta page; two of them that of our snapshot, if they come before it is read.
        for _ in 0..<1000 {
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
                    hasStranger = true
                    report(
                        .tensors,
                        "tensors \"\(tensorsPath)\": belong to library \(found), not \(uuid); put "
                            + "files of one library together"
                    )
                }
                if let db {
                    try check(audit, store, db)
                    if audit.faults.isEmpty { try checkParents(snapshot, db) }
                }
                return true
            }
            if isDone { return }
        }
        throw StoreError(
            .busy,
            "tensors \"\(tensorsPath)\": others write too fast to check them; try again when they are done"
        )
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
    private mutating func check(
        _ audit: TensorFileAudit,
        _ store: TensorStore,
        _ db: Database
    ) throws {
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
            let problem = LibraryProblem(
                .clip(asset.clipID),
                "clip \"\(name)\" (\(asset.clipID)): the record of its \(asset.kind.name)"
                    + (place.map { " at byte \($0.offset)" } ?? "")
                    + " of \"\(tensorsPath)\" \(fault)"
            )
            suspects.append((asset.id.number, problem))
        }
        // Trees that are damaged are read by ourselves alone.
        let found = audit.faults.isEmpty && !hasLoss && !hasStranger ? try Rowless(store, db) : nil
        rowless = found
        let lost = Set(found?.lost ?? [])
        let identities = try Set(String.fetchAll(db, sql: "SELECT identity FROM clips"))
        let traces = try ClipTraces(db)
        var rowlessCount = 0
        var kept: [TensorKey] = []
        for key in unnamed.keys {
            let clip = key.clip
            if let clip, lost.contains(clip) {
                unnamed[key] = nil
                continue
            }
            let hasRow = clip.map { identities.contains($0.hex) } ?? false
            // A row of an asset whose clip is gone is a problem of the catalogue.
            let isKept = try hasRow ? true : traces.has(clipOf: key)
            if key.isCard, !isKept { rowlessCount += 1 }
            if !key.isCard, hasRow { kept.append(key) }
            if key.isCard || isKept { unnamed[key] = nil }
        }
        kept.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        for key in kept { try reportLackingRow(of: key, db) }
        for id in try AssetRow.clipsWithoutContent(db)
        where audit.records[TensorKey(clip: id, kind: .content)] == nil {
            let name = try ClipRow.name(of: id, db) ?? id.short
            report(
                .clip(id),
                "clip \"\(name)\" (\(id)): its content code is gone, the row as well as the record"
            )
        }
        if rowlessCount > 0 {
            let have =
                "\(rowlessCount.counted("clip")) \(rowlessCount == 1 ? "has" : "have") tensors and no row: "
            result.notes.append(
                have
                    + (hasLoss
                        ? "vsdb repair writes what is lost again"
                        : "removed or set aside, or of a command that has not ended or was killed; vsdb gc "
                            + "deletes the tensors, and before that vsdb repair --restore-removed writes rows "
                            + "of removed clips again")
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
