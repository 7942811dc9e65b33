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
        try update.execute(arguments: [checksum(Array(row.databaseValues)[1...]), number])
    }

    /// Computes the checksums that lack: of clips that an older vsdb added.
    static func sealAll(_ db: Database) throws {
        let numbers = try Int64.fetchAll(db, sql: "SELECT id FROM clips WHERE checksum IS NULL")
        for number in numbers { try seal(number, db) }
    }

    /// A clip that is not as it was sealed.
    struct Broken {
        /// The row number, which damage to a row leaves as it is.
        let number: Int64
        /// What stands in the row as name and id, or nothing.
        let name: String
        let identity: String
    }

    /// Visits the clips, of those that meet a condition, that are not as they were sealed, or whose source is gone.
    static func forEachBroken(
        _ db: Database,
        where condition: String = "1",
        arguments: StatementArguments = StatementArguments(),
        _ body: (Broken) throws -> Void
    ) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT \(fields), clips.id FROM clips
                LEFT JOIN sources ON sources.id = clips.source_id
                WHERE \(condition)
                """,
            arguments: arguments
        )
        while let row = try rows.next() {
            let values = Array(row.databaseValues)
            let sealed = String.fromDatabaseValue(values[0])
            guard sealed != checksum(values[1..<values.count - 1]) else { continue }
            try body(
                Broken(
                    number: try row.at(values.count - 1),
                    name: String.fromDatabaseValue(values[1]) ?? "",
                    identity: String.fromDatabaseValue(values[2]) ?? ""
                )
            )
        }
    }

    private static func checksum(_ values: ArraySlice<DatabaseValue>) -> String {
        documentChecksum(
            values.map { value in
                // By storage class, so that a number is its bits and not a decimal text.
                switch value.storage {
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

extension Clip {
    /// The id that its row gives; another than `id` if the row is damaged.
    var computedID: ClipID {
        ClipID(
            sourceSHA256: source.sha256,
            start: start,
            end: end,
            packFingerprint: packFingerprint,
            settings: settings
        )
    }
}
