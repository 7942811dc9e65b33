import Foundation
import GRDB

/// The checksum over everything that describes a clip.
extension ClipRow {
    private static let fields = """
        clips.checksum, clips.name, clips.identity, sources.sha256, sources.path,
        sources.byte_count, sources.media_kind, sources.container,
        clips.start_seconds, clips.end_seconds, clips.base_name, clips.is_segment,
        coalesce('caption ' || clips.caption, 'no caption'), clips.pack_fingerprint,
        clips.settings, clips.added,
        (SELECT group_concat(tag, char(31)) FROM
            (SELECT tag FROM clip_tags WHERE clip_id = clips.id ORDER BY tag))
        """

    /// Computes the checksum of a clip after a change.
    static func seal(_ number: Int64, _ db: Database) throws {
        let fetch = try db.cachedStatement(
            sql: """
                SELECT \(fields) FROM clips JOIN sources ON sources.id = clips.source_id
                WHERE clips.id = ?
                """
        )
        guard let row = try Row.fetchOne(fetch, arguments: [number]) else { return }
        let update = try db.cachedStatement(sql: "UPDATE clips SET checksum = ? WHERE id = ?")
        try update.execute(arguments: [checksum(row), number])
    }

    /// Computes the checksums of all clips.
    static func sealAll(_ db: Database) throws {
        for number in try Int64.fetchAll(db, sql: "SELECT id FROM clips") { try seal(number, db) }
    }

    /// Visits the clips that are not as they were sealed, by name.
    static func forEachBroken(
        _ db: Database,
        _ body: (_ name: String, _ identity: String) throws -> Void
    ) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: "SELECT \(fields) FROM clips JOIN sources ON sources.id = clips.source_id"
        )
        while let row = try rows.next() {
            let sealed: String? = row[0]
            if sealed != checksum(row) { try body(row[1], row[2]) }
        }
    }

    private static func checksum(_ row: Row) -> String {
        documentChecksum(
            (1..<row.count).map { column in
                // By storage class, so that a number is its bits and not a decimal text.
                switch (row[column] as DatabaseValue).storage {
                case .null: ""
                case .int64(let number): String(number)
                case .double(let number): hexadecimal64((number + 0).bitPattern)
                case .string(let text): text
                case .blob(let bytes): bytes.map { String($0, radix: 16) }.joined(separator: " ")
                }
            }
        )
    }
}
