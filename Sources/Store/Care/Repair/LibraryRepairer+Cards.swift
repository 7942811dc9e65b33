import Foundation
import GRDB
import Tensors

/// Rows that were lost with a part of the catalogue, written again.
extension LibraryRepairer {
    /// Writes rows of packs from their files and rows of clips from their cards, if rows were lost.
    mutating func restoreFromCards(_ catalog: Catalog, _ store: TensorStore) throws {
        var hasLoss = false
        let isUnderWay = try catalog.write { db in
            if needsCards { try Rebuilding.begin(db) }
            if let loss = try CommitCount.loss(db, marked: nil) {
                hasLoss = true
                try Rebuilding.begin(db)
                report.actions.append(
                    "\(loss.subject) of the catalogue \(loss.verb) lost, but for what the tensors know of "
                        + "\(loss.count == 1 ? "it" : "them")"
                )
            }
            guard try Rebuilding.isUnderWay(db) else { return false }
            try CommitCount.beginEpoch(db)
            return true
        }
        guard isUnderWay else { return }
        // Indexes know assets by number, and lost numbers are given to others.
        if fileExists(path + "/index") {
            try FileManager.default.removeItem(atPath: path + "/index")
            report.actions.append("deleted the search indexes; the next search builds them anew")
        }
        try makeFolder(path + "/index")
        try restorePacks(catalog)
        if hasLoss { try restoreWords(catalog, store) }
        try restoreClips(catalog, store)
    }

    /// Gives clips the words of their cards, which were written with changes that the catalogue lost.
    private mutating func restoreWords(_ catalog: Catalog, _ store: TensorStore) throws {
        var changed: [(number: Int64, card: ClipCard)] = []
        try catalog.write { db in
            try store.read { snapshot in
                for clip in try ClipRow.fetch(db, where: "1") {
                    let key = TensorKey(cardOf: clip.id)
                    guard let card = try snapshot.withValue(key, { ClipCard(record: $0) }) ?? nil,
                        card.caption != clip.caption || Set(card.tags) != Set(clip.tags)
                            || card.name != clip.baseName,
                        let number = try clipNumber(clip.id, db)
                    else { continue }
                    changed.append((number, card))
                }
            }
            try restoreWords(changed, db)
        }
        if !changed.isEmpty {
            report.actions.append(
                "gave \(changed.count.counted("clip")) the name, caption and tags of "
                    + "\(changed.count == 1 ? "its card" : "their cards") again"
            )
        }
    }

    private mutating func restoreClips(_ catalog: Catalog, _ store: TensorStore) throws {
        var restored = 0
        var unreadable: [ClipID] = []
        var lacking: [String: Int] = [:]
        try catalog.write { db in
            try store.read { snapshot in
                let commitCount = try CommitCount.stand(db).madeCount
                let removed = try snapshot.rowlessNotes().filter { _, text in
                    RowlessNote.isRemoval(text) && RowlessNote.isKnown(text, to: commitCount)
                }
                try snapshot.forEachKey { bytes, _ in
                    guard let key = TensorKey(bytes), key.isCard, let id = key.clip,
                        restoresRemoved || removed[id] == nil,
                        try ClipRow.name(of: id, db) == nil
                    else { return }
                    let found = try snapshot.withValue(key, { ClipCard(record: $0) }) ?? nil
                    guard let card = found, card.clip.id == id else {
                        unreadable.append(id)
                        return
                    }
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
            try store.read { _ = try restoreDocuments($0.documentCards(), db) }
        }
        try store.setRowlessNotes(RowlessNote.removed(), of: unreadable)
        if !unreadable.isEmpty {
            report.actions.append(
                "\(unreadable.count.counted("clip")) without a row cannot come back: "
                    + "\(unreadable.count == 1 ? "its card is" : "their cards are") damaged"
            )
        }
        isRebuilt = lacking.isEmpty
        if restored > 0 {
            report.actions.append(
                "wrote the rows of \(restored.counted("clip")) again, from cards"
                    + (restoresRemoved
                        ? "; what was removed since the last vsdb gc is among them" : "")
            )
        }
        for (pack, count) in lacking.sorted(by: { $0.key < $1.key }) {
            report.actions.append(
                "\(count.counted("clip")) \(count == 1 ? "waits" : "wait") for the pack \(pack.prefix(12)): add it with vsdb pack add, and "
                    + "repair again"
            )
        }
    }

    /// Writes the rows of assets that lack, from their records.
    ///
    /// - Returns: The records that lack a row and have no header that can be read.
    mutating func restoreAssetRows(
        _ audit: TensorFileAudit,
        _ store: TensorStore,
        _ db: Database
    ) throws -> [TensorKey] {
        var count = 0
        var unreadable: [TensorKey] = []
        let clips = try Row.fetchAll(db, sql: "SELECT id, identity, pack_fingerprint FROM clips")
        try store.read { snapshot in
            for row in clips {
                let number: Int64 = try row.at(0)
                guard let id = ClipID(hex: try row.at(1)) else { continue }
                for kind in AssetKind.allCases {
                    let key = TensorKey(clip: id, kind: kind)
                    guard audit.records[key] != nil else { continue }
                    let known = try Int.fetchOne(
                        db.cachedStatement(
                            sql: "SELECT 1 FROM assets WHERE clip_id = ? AND kind = ?"
                        ),
                        arguments: [number, Int(kind.rawValue)]
                    )
                    guard known == nil else { continue }
                    // A record without a header that can be read is none.
                    let header = try snapshot.withValue(key) { try? TensorHeader($0) } ?? nil
                    guard let header else {
                        unreadable.append(key)
                        continue
                    }
                    try AssetRow.insert(
                        kind,
                        key,
                        header,
                        clip: number,
                        pack: try row.at(2),
                        provenance: #"{"restored":"from its record"}"#,
                        db
                    )
                    count += 1
                }
            }
        }
        if count > 0 {
            report.actions.append("wrote the rows of \(count.counted("asset")) again, from records")
        }
        return unreadable
    }
}
