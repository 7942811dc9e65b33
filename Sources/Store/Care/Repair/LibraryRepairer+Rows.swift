import Foundation
import GRDB
import Tensors

/// Rows that are not what was written.
extension LibraryRepairer {
    /// What was taken out and may come back from cards and records.
    struct BrokenRows {
        /// Clips, with the ids that they may have had.
        var clips: [(lost: LostClip, ids: [ClipID])] = []
        /// Clips that lack an asset of a kind.
        var assets: [(clip: ClipID, kind: AssetKind, reason: String)] = []
    }

    /// Takes out rows of clips and assets that are not what was written, and mends words and documents.
    ///
    /// In one transaction with the note that the cards have to be looked through.
    mutating func takeOutBrokenRows(_ store: TensorStore, _ db: Database) throws -> BrokenRows {
        var broken = BrokenRows()
        var rows: [ClipRow.Broken] = []
        try ClipRow.forEachBroken(db) { rows.append($0) }
        for row in rows {
            if try mendWords(of: row, store, db) { continue }
            broken.clips.append(try takeOut(row, db))
        }
        broken.assets = try takeOutBrokenAssetRows(db)
        try db.execute(
            sql: "DELETE FROM sources WHERE id NOT IN (SELECT source_id FROM clips)"
        )
        if !broken.clips.isEmpty { try Rebuilding.begin(db) }
        try mendDocuments(store, db)
        try mendTimes(db)
        return broken
    }

    /// Seals a clip again whose id is right; its caption, tags and path are those of its card.
    ///
    /// - Returns: False if the row is not what its id was computed from.
    private mutating func mendWords(
        of row: ClipRow.Broken,
        _ store: TensorStore,
        _ db: Database
    ) throws -> Bool {
        var found: Clip?
        _ = try isDamaged("read a clip") {
            found = try ClipRow.fetch(db, where: "clips.id = ?", arguments: [row.number]).first
        }
        guard let clip = found, clip.computedID == clip.id else { return false }
        try keep("clips", "id = ?", [row.number], db)
        let card = try store.read { snapshot in
            try snapshot.withValue(TensorKey(cardOf: clip.id)) { ClipCard(record: $0) } ?? nil
        }
        if let card { try restoreWords([(row.number, card)], db) }
        try ClipRow.seal(row.number, db)
        let what =
            "clip \"\(row.name)\" (\(clip.id)): its name, caption, tags or source changed on the disk"
        report.actions.append(
            card == nil
                ? "\(what); its codes are whole; look at it with vsdb show and correct it"
                : "\(what); they are those of its card again"
        )
        return true
    }

    /// Gives clips the words of their cards; a name that another clip has gets a number.
    func restoreWords(_ clips: [(number: Int64, card: ClipCard)], _ db: Database) throws {
        // Names that change places are all free first.
        let renamed = try clips.filter { number, card in
            let range = card.isSegment ? ClipName.range(card.start, card.end) : ""
            let isSame = try Int.fetchOne(
                db,
                sql: """
                    SELECT 1 FROM clips
                    WHERE id = ? AND base_name = ? AND name = ? AND is_segment = ?
                    """,
                arguments: [number, card.name, card.name + range, card.isSegment]
            )
            return isSame == nil
        }
        for (number, card) in renamed {
            try db.execute(
                sql: """
                    UPDATE clips SET base_name = identity, name = identity || ?, is_segment = ?
                    WHERE id = ?
                    """,
                arguments: [card.isSegment ? "@" : "", card.isSegment, number]
            )
        }
        for (number, card) in renamed {
            let row = try Row.fetchOne(
                db,
                sql: "SELECT source_id, pack_fingerprint FROM clips WHERE id = ?",
                arguments: [number]
            )
            guard let row else { continue }
            let naming = ClipNaming(card.clip, source: try row.at(0), pack: try row.at(1))
            let (base, shown) = try naming.choose(db)
            try db.execute(
                sql: "UPDATE clips SET name = ?, base_name = ? WHERE id = ?",
                arguments: [shown, base, number]
            )
        }
        for (number, card) in clips {
            try restoreLabels(of: card, number, db)
            try ClipRow.seal(number, db)
        }
    }

    private func restoreLabels(of card: ClipCard, _ number: Int64, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE clips SET caption = ? WHERE id = ?",
            arguments: [card.caption, number]
        )
        try db.execute(
            sql: """
                UPDATE sources SET path = ?, byte_count = ?, media_kind = ?, container = ?
                WHERE id = (SELECT source_id FROM clips WHERE id = ?)
                """,
            arguments: [
                card.source.path, card.source.byteCount, card.source.mediaKind.rawValue,
                card.source.containerJSON, number,
            ]
        )
        try db.execute(sql: "DELETE FROM clip_tags WHERE clip_id = ?", arguments: [number])
        for tag in Set(card.tags) {
            try db.execute(
                sql: "INSERT INTO clip_tags (clip_id, tag) VALUES (?, ?)",
                arguments: [number, tag]
            )
        }
    }

    private func takeOut(
        _ row: ClipRow.Broken,
        _ db: Database
    ) throws -> (lost: LostClip, ids: [ClipID]) {
        let facts = try Row.fetchOne(
            db,
            sql: """
                SELECT sha256, start_seconds, end_seconds, pack_fingerprint, settings, path
                FROM clips LEFT JOIN sources ON sources.id = source_id WHERE clips.id = ?
                """,
            arguments: [row.number]
        )
        let values = facts.map { Array($0.databaseValues) } ?? []
        func value<Value: DatabaseValueConvertible>(_ index: Int) -> Value? {
            index < values.count ? Value.fromDatabaseValue(values[index]) : nil
        }
        let (start, end): (Double, Double) = (value(1) ?? 0, value(2) ?? 0)
        var ids = [ClipID(hex: row.identity)].compactMap { $0 }
        if let source: String = value(0), let pack: String = value(3),
            let settings: String = value(4)
        {
            ids.append(
                ClipID(
                    sourceSHA256: source,
                    start: start,
                    end: end,
                    packFingerprint: pack,
                    settings: settings
                )
            )
        }
        let lost = LostClip(
            id: ids.first,
            name: row.name,
            sourcePath: value(5) ?? "",
            start: start,
            end: end,
            reason: "its row is not what its id was computed from"
        )
        try takeOutRows(ofClip: row.number, isWhole: false, db)
        return (lost, ids)
    }

    /// Takes a clip out, with all its rows kept; its words too, for its return, if they are what was written.
    func takeOutRows(ofClip number: Int64, isWhole: Bool, _ db: Database) throws {
        let identity = try String.fetchOne(
            db,
            sql: "SELECT identity || '' FROM clips WHERE id = ?",
            arguments: [number]
        )
        if let id = identity.flatMap(ClipID.init(hex:)) {
            try SetAside.keep(id, number, hasWords: isWhole, db)
        }
        for table in ["assets", "clip_tags", "collection_clips"] {
            try keep(table, "clip_id = ?", [number], db)
        }
        try keep("sources", "id = (SELECT source_id FROM clips WHERE id = ?)", [number], db)
        try takeOut("clips", "id = ?", [number], db)
    }

    /// Rows of assets that are not what was written; their records can say what they were.
    private func takeOutBrokenAssetRows(
        _ db: Database
    ) throws -> [(clip: ClipID, kind: AssetKind, reason: String)] {
        var broken: [(clip: ClipID, kind: AssetKind, reason: String)] = []
        for number in try Int64.fetchAll(db, sql: "SELECT id FROM assets ORDER BY id") {
            var reason = ""
            let isBroken = try isDamaged("read asset \(number)") {
                do {
                    _ = try AssetRow.fetch(db, where: "assets.id = ?", arguments: [number])
                } catch let error as StoreError where error.kind == .newerFormat {
                    // A kind of a newer vsdb, which is no damage.
                } catch {
                    reason = "\(error)"
                    throw error
                }
            }
            guard isBroken else { continue }
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT clips.identity, assets.kind, assets.tensor_key FROM assets
                    JOIN clips ON clips.id = clip_id WHERE assets.id = ?
                    """,
                arguments: [number]
            )
            let values = row.map { Array($0.databaseValues) } ?? []
            if values.count == 3, let clip = String.fromDatabaseValue(values[0]),
                let id = ClipID(hex: clip)
            {
                // The key says the kind, too, if it is the clip's.
                let key = Data.fromDatabaseValue(values[2]).flatMap { TensorKey($0) }
                let byte = key?.clip == id ? key?.bytes[32] : UInt8.fromDatabaseValue(values[1])
                if let kind = byte.flatMap(AssetKind.init(rawValue:)) {
                    broken.append((id, kind, reason))
                }
            }
            try takeOut("assets", "id = ?", [number], db)
        }
        return broken
    }

    /// Writes times that cannot be read anew, in rows without checksums.
    private mutating func mendTimes(_ db: Database) throws {
        for (time, count) in try TimeColumn.garbled(db) {
            try TimeColumn.forEachGarbled(time, db) { try keep(time.table, "id = ?", [$0], db) }
            try TimeColumn.mend(time, db)
            report.actions.append(
                "wrote \(count.counted("time")) in \(time) anew, of which nothing else knows: the time when the "
                    + "library was made"
            )
        }
    }

    /// Takes out recipes, and mends rows of packs, that do not match their checksums.
    private mutating func mendDocuments(_ store: TensorStore, _ db: Database) throws {
        for number in try Int64.fetchAll(db, sql: "SELECT id FROM compositions ORDER BY name") {
            let isBroken = try isDamaged("read a composition") {
                _ = try CompositionRow.fetch(db, where: "id = ?", arguments: [number])
            }
            guard isBroken else { continue }
            let words = try Row.fetchOne(
                db,
                sql: "SELECT coalesce(name, id) || '', hash || '' FROM compositions WHERE id = ?",
                arguments: [number]
            )
            let texts = words?.databaseValues.map { String.fromDatabaseValue($0) ?? "" } ?? []
            let name = texts.first ?? ""
            try keep("composition_parents", "composition_id = ?", [number], db)
            try takeOut("compositions", "id = ?", [number], db)
            // The name may be what changed.
            let cards = try store.read { try $0.documentCards() }.filter { card in
                guard case .composition(let saved) = card else { return false }
                return texts.contains(saved.name) || texts.contains(saved.hash)
            }
            guard try restoreDocuments(cards, db) == 0 else { continue }
            report.actions.append(
                "took out the composition \"\(name)\": its recipe is not what was saved"
            )
        }
        try mendParents(store, db)
        for key in try PackRow.keys(db) {
            let isBroken = try isDamaged("read a pack") { _ = try PackRow.fetch(db, key) }
            if isBroken { try mendPack(key, db) }
        }
    }
}
