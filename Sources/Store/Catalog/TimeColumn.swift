import Foundation
import GRDB

/// A column of times in a table whose rows have no checksum: a changed byte shows only where it makes no time.
struct TimeColumn: CustomStringConvertible {
    let table: String
    let column: String

    /// As in `collections.added`.
    var description: String { "\(table).\(column)" }

    private static let all = [
        TimeColumn(table: "ingest_runs", column: "started"),
        TimeColumn(table: "ingest_runs", column: "finished"),
        TimeColumn(table: "renders", column: "rendered"),
        TimeColumn(table: "collections", column: "added"),
    ]

    /// The columns with texts that are no times, and how many.
    static func garbled(_ db: Database) throws -> [(time: TimeColumn, count: Int)] {
        try all.compactMap { time in
            var count = 0
            try forEachGarbled(time, db) { _ in count += 1 }
            return count > 0 ? (time, count) : nil
        }
    }

    /// Visits the numbers of the rows whose text is no time.
    static func forEachGarbled(
        _ time: TimeColumn,
        _ db: Database,
        _ body: (Int64) throws -> Void
    ) throws {
        let rows = try Row.fetchAll(
            db,
            sql: "SELECT id, \(time.column) FROM \(time.table) WHERE \(time.column) IS NOT NULL"
        )
        for row in rows {
            let values = Array(row.databaseValues)
            let text = String.fromDatabaseValue(values[1])
            if text.map(isTime) ?? false { continue }
            try body(row.at(0))
        }
    }

    private static func isTime(_ text: String) -> Bool {
        do throws(StoreError) {
            _ = try date(text)
            return true
        } catch { return false }
    }

    /// Puts the time when the library was made where there is none.
    static func mend(_ time: TimeColumn, _ db: Database) throws {
        let created = try String.fetchOne(
            db,
            sql: "SELECT value FROM library WHERE name = 'created'"
        )
        let known = created.flatMap { isTime($0) ? $0 : nil } ?? timestamp(Date())
        try forEachGarbled(time, db) { number in
            try db.execute(
                sql: "UPDATE \(time.table) SET \(time.column) = ? WHERE id = ?",
                arguments: [known, number]
            )
        }
    }
}
