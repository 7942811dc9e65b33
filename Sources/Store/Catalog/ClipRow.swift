import Foundation
import GRDB

/// Reads and writes rows of `clips`, with their sources, tags and assets.
enum ClipRow {
    static func name(of id: ClipID, _ db: Database) throws -> String? {
        try String.fetchOne(
            db.cachedStatement(sql: "SELECT name FROM clips WHERE identity = ?"),
            arguments: [id.hex]
        )
    }

    /// Writes all rows of a new clip.
    ///
    /// - Returns: The name it got.
    /// - Throws: `StoreError`, `.unknownReference` if its pack is not registered; database errors.
    static func insert(_ pending: PendingClip, _ db: Database) throws -> String {
        let clip = pending.clip
        let pack = clip.packFingerprint.lowercased()
        let hasPack = try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT count(*) FROM packs WHERE fingerprint = ?"),
            arguments: [pack]
        )
        guard hasPack == true else {
            throw StoreError(
                .unknownReference,
                "clip \"\(clip.name)\": no pack has the fingerprint \(pack.prefix(12)); "
                    + "register the pack first"
            )
        }
        let source = try insertSource(clip.source, db)
        let names = try ClipNaming(clip, source: source, pack: pack).choose(db)
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO clips (identity, source_id, start_seconds, end_seconds, name,
                    base_name, is_segment, caption, pack_fingerprint, settings, ingest_run_id,
                    added)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
        try statement.execute(arguments: [
            pending.id.hex, source, clip.start + 0, clip.end + 0, names.shown, names.base,
            clip.isSegment, clip.caption, pack, clip.settings, clip.ingestRun?.number,
            timestamp(Date()),
        ])
        let row = db.lastInsertedRowID
        let tagStatement = try db.cachedStatement(
            sql: "INSERT INTO clip_tags (clip_id, tag) VALUES (?, ?)"
        )
        for tag in Set(clip.tags) { try tagStatement.execute(arguments: [row, tag]) }
        for (asset, record) in zip(clip.assets, pending.records) {
            try AssetRow.insert(asset, record, clip: row, pack: pack, db)
        }
        try SetAside.giveBack(to: pending.id, row, db)
        try seal(row, db)
        return names.shown
    }

    private static func insertSource(_ source: Source, _ db: Database) throws -> Int64 {
        let known = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT id FROM sources WHERE sha256 = ?"),
            arguments: [source.sha256]
        )
        if let known { return known }
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO sources (sha256, path, byte_count, media_kind, container, added)
                VALUES (?, ?, ?, ?, ?, ?)
                """
        )
        try statement.execute(arguments: [
            source.sha256, source.path, source.byteCount, source.mediaKind.rawValue,
            source.containerJSON, timestamp(Date()),
        ])
        return db.lastInsertedRowID
    }

    /// How clips are listed: by base name, pieces of one source by time.
    static let order = "clips.base_name, clips.start_seconds, clips.end_seconds, clips.id"

    /// The clips that meet a condition on `clips` and `sources`, in the order of lists.
    static func fetch(
        _ db: Database,
        where condition: String,
        arguments: StatementArguments = StatementArguments(),
        order: String = order,
        limit: Int? = nil
    ) throws -> [Clip] {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT clips.identity, clips.name, sources.sha256, sources.path,
                    sources.byte_count, sources.media_kind, sources.container,
                    clips.start_seconds, clips.end_seconds, clips.caption,
                    (SELECT group_concat(tag, char(31)) FROM clip_tags WHERE clip_id = clips.id),
                    clips.pack_fingerprint, clips.settings, clips.added, clips.base_name,
                    clips.is_segment
                FROM clips JOIN sources ON sources.id = clips.source_id
                WHERE \(condition) ORDER BY \(order) LIMIT \(limit ?? -1)
                """,
            arguments: arguments
        )
        var clips: [Clip] = []
        while let row = try rows.next() { clips.append(try clip(row)) }
        return clips
    }

    private static func clip(_ row: Row) throws -> Clip {
        let name: String = try row.at(1)
        guard let id = ClipID(hex: try row.at(0)), let kind = MediaKind(rawValue: try row.at(5))
        else {
            throw StoreError(.damaged, "clip \"\(name)\": its row is not what was written")
        }
        let tags: String? = try row.at(10)
        return Clip(
            id: id,
            name: name,
            baseName: try row.at(14),
            isSegment: try row.at(15),
            source: Source(
                sha256: try row.at(2),
                path: try row.at(3),
                byteCount: try row.at(4),
                mediaKind: kind,
                containerJSON: try row.at(6)
            ),
            start: try row.at(7),
            end: try row.at(8),
            caption: try row.at(9),
            tags: tags?.split(separator: "\u{1F}").map(String.init).sorted() ?? [],
            packFingerprint: try row.at(11),
            settings: try row.at(12),
            added: try date(row.at(13))
        )
    }
}
