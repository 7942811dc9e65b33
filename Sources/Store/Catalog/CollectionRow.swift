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
