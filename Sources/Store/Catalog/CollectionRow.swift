import Foundation
import GRDB

/// Reads and writes rows of `collections`, with their clips.
enum CollectionRow {
    /// The row number of a collection.
    ///
    /// - Throws: `StoreError`, `.unknownReference` with names that are nearly the same.
    static func number(of name: String, _ db: Database) throws -> Int64 {
        if let number = try find(name, db) { return number }
        throw StoreError.unknown(
            "collection",
            name,
            among: try String.fetchAll(db, sql: "SELECT name FROM collections"),
            list: "vsdb collection list"
        )
    }

    static func find(_ name: String, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(
            db,
            sql: "SELECT id FROM collections WHERE name = ?",
            arguments: [name.composed]
        )
    }

    static func insert(_ name: String, _ db: Database) throws -> Int64 {
        try db.execute(
            sql: "INSERT INTO collections (name, added) VALUES (?, ?)",
            arguments: [name, timestamp(Date())]
        )
        return db.lastInsertedRowID
    }

    /// The clips of a collection, in order.
    static func members(of collection: Int64, _ db: Database) throws -> [ClipID] {
        try String.fetchAll(
            db,
            sql: """
                SELECT identity FROM collection_clips JOIN clips ON clips.id = clip_id
                WHERE collection_id = ? ORDER BY position
                """,
            arguments: [collection]
        ).compactMap(ClipID.init(hex:))
    }

    /// Puts a clip into a collection at a place if that is free, or else at its end.
    static func put(
        _ clip: Int64,
        into collection: Int64,
        at position: Int? = nil,
        _ db: Database
    ) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO collection_clips (collection_id, clip_id, position)
                SELECT ?1, ?2, CASE WHEN ?3 IS NULL OR EXISTS (
                        SELECT 1 FROM collection_clips WHERE collection_id = ?1 AND position = ?3)
                    THEN (SELECT coalesce(max(position) + 1, 0) FROM collection_clips
                        WHERE collection_id = ?1)
                    ELSE ?3 END
                WHERE true ON CONFLICT (collection_id, clip_id) DO NOTHING
                """
        )
        try statement.execute(arguments: [collection, clip, position])
    }

    /// All collections, by name.
    static func fetch(_ db: Database) throws -> [ClipCollection] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT collections.name, collections.added, count(clip_id), coalesce(sum(end_seconds - start_seconds), 0)
                FROM collections
                LEFT JOIN collection_clips ON collection_id = collections.id
                LEFT JOIN clips ON clips.id = clip_id
                GROUP BY collections.id ORDER BY collections.name
                """
        )
        return try rows.map { row in
            ClipCollection(
                name: try row.at(0),
                clipCount: try row.at(2),
                seconds: try row.at(3),
                added: try date(row.at(1))
            )
        }
    }
}
