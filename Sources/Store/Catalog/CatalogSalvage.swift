import Foundation
import GRDB

/// Rows of a damaged catalogue, brought into a new one as far as they can be read.
///
/// Tables are read by row number; where SQLite meets a page that it cannot read, the range is halved until
/// only the rows on that page are left out. Tables without row numbers are read from both ends.
/// Rows that break a rule of the schema, or name a row that is gone, are left out and counted.
struct CatalogSalvage {
    /// How many rows of each table were brought over.
    private(set) var kept: [String: Int] = [:]
    /// What was left out, a sentence each.
    private(set) var losses: [String] = []

    /// The tables in an order in which every row finds what it names.
    private static let tables = [
        "library", "packs", "ingest_runs", "sources", "clips", "clip_tags", "assets",
        "compositions", "composition_parents", "renders", "collections", "collection_clips",
    ]
    /// The errors that tell that a row is damaged; others, such as a full disk, are no fault of it.
    private static let faultsOfRows: [ResultCode] = [
        .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG,
    ]
    /// Steps of halving per table before the rest of it is given up.
    private static let attemptLimit = 20_000

    /// Reads what can be read.
    ///
    /// - Parameters:
    ///   - old: A copy of the damaged catalogue, with its log; it may be changed.
    ///   - new: Where the new one goes; nothing is there.
    /// - Throws: `StoreError`, `.damaged` if not even the list of tables can be read.
    init(from old: String, to new: String) throws {
        Self.mendHeader(of: old)
        let damaged = try DatabaseQueue(path: old)
        let fresh = try DatabaseQueue(path: new)
        try Migrator.migrate(fresh)
        try fresh.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA foreign_keys = OFF")
            // One transaction: a sync for each row would take hours.
            try db.inTransaction {
                for table in Self.tables { try copy(table, damaged, db) }
                try dropDangling(db)
                return .commit
            }
            try db.execute(sql: "PRAGMA foreign_keys = ON")
        }
        guard kept["library"] ?? 0 > 0 || kept["clips"] ?? 0 > 0 else {
            throw StoreError(
                .damaged,
                "catalogue \"\(old)\": nothing in it can be read; restore "
                    + "\(Library.catalogName) from a backup"
            )
        }
        try fresh.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        try fresh.close()
        try? damaged.close()
    }

    /// Describes a catalogue of which nothing could be read.
    init(loss: String) { losses = [loss] }

    /// Writes the bytes of the header that are the same in every catalogue.
    ///
    /// Source: sqlite.org/fileformat2.html, section 1.3.
    private static func mendHeader(of path: String) {
        guard let file = FileHandle(forUpdatingAtPath: path) else { return }
        defer { try? file.close() }
        let parts: [(UInt64, [UInt8])] = [
            (0, Array("SQLite format 3\0".utf8)),
            // Pages of 4096 bytes, a log for reading and writing, nothing reserved, the fractions.
            (16, [0x10, 0x00, 2, 2, 0, 64, 32, 32]),
            // Schema format 4 and UTF-8.
            (44, [0, 0, 0, 4]), (56, [0, 0, 0, 1]),
        ]
        for (offset, bytes) in parts {
            try? file.seek(toOffset: offset)
            try? file.write(contentsOf: Data(bytes))
        }
    }

    private mutating func copy(
        _ table: String,
        _ damaged: DatabaseQueue,
        _ db: Database
    ) throws {
        let columns = try db.columns(in: table).map(\.name)
        let isNumbered = ![
            "library", "clip_tags", "composition_parents", "collection_clips", "packs",
        ]
        .contains(table)
        let rows =
            isNumbered
            ? numberedRows(table, columns, damaged) : unnumberedRows(table, columns, damaged)
        let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
        let statement = try db.makeStatement(
            sql: "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(marks))"
        )
        var refused = 0
        for row in rows.found {
            do {
                try statement.execute(arguments: StatementArguments(row))
            } catch let error as DatabaseError where Self.faultsOfRows.contains(error.resultCode) {
                refused += 1
            }
        }
        kept[table] = rows.found.count - refused
        if rows.unreadCount > 0 {
            losses.append("table \(table): parts of it cannot be read")
        }
        if refused > 0 { losses.append("table \(table): \(refused) rows break its rules") }
    }

    private typealias Found = (found: [[DatabaseValue]], unreadCount: Int)

    private func numberedRows(
        _ table: String,
        _ columns: [String],
        _ damaged: DatabaseQueue
    ) -> Found {
        let list = columns.joined(separator: ", ")
        var rows: [[DatabaseValue]] = []
        var unread = 0
        var attempts = 0
        let last = lastNumber(table, damaged)
        var ranges = [(low: Int64(1), high: last)]
        while let range = ranges.popLast() {
            attempts += 1
            guard attempts < Self.attemptLimit else {
                unread += 1
                break
            }
            var next = range.low
            let query = "SELECT rowid, \(list) FROM \(table) WHERE rowid BETWEEN ? AND ?"
            do {
                try damaged.read { db in
                    let cursor = try Row.fetchCursor(
                        db,
                        sql: query,
                        arguments: [range.low, range.high]
                    )
                    while let row = try cursor.next() {
                        rows.append((1..<row.count).map { row[$0] })
                        next = (row[0] as Int64) + 1
                    }
                }
            } catch {
                guard next <= range.high else { continue }
                guard range.high > next else {
                    unread += 1
                    continue
                }
                let middle = next + (range.high - next) / 2
                ranges.append((middle + 1, range.high))
                ranges.append((next, middle))
            }
        }
        return (rows, unread)
    }

    /// A number that no row of a table exceeds, as good as it can be known.
    private func lastNumber(_ table: String, _ damaged: DatabaseQueue) -> Int64 {
        let queries = [
            "SELECT max(rowid) FROM \(table)",
            "SELECT seq FROM sqlite_sequence WHERE name = '\(table)'",
        ]
        for query in queries {
            let found = try? damaged.read { try Int64.fetchOne($0, sql: query) }
            if let found = found ?? nil { return max(1, found) }
        }
        return 1 << 20
    }

    private func unnumberedRows(
        _ table: String,
        _ columns: [String],
        _ damaged: DatabaseQueue
    ) -> Found {
        let list = columns.joined(separator: ", ")
        let keys = columns.prefix(["library", "packs"].contains(table) ? 1 : 2)
        var rows: [[DatabaseValue]] = []
        var seen: Set<[DatabaseValue]> = []
        var faults = 0
        for direction in ["ASC", "DESC"] {
            let order = keys.map { "\($0) \(direction)" }.joined(separator: ", ")
            do {
                try damaged.read { db in
                    let cursor = try Row.fetchCursor(
                        db,
                        sql: "SELECT \(list) FROM \(table) ORDER BY \(order)"
                    )
                    while let row = try cursor.next() {
                        let values: [DatabaseValue] = (0..<row.count).map { row[$0] }
                        if seen.insert(Array(values.prefix(keys.count))).inserted {
                            rows.append(values)
                        }
                    }
                }
                if direction == "ASC" { return (rows, 0) }
            } catch { faults += 1 }
        }
        return (rows, faults)
    }

    /// Leaves out rows that name a row that is gone.
    private mutating func dropDangling(_ db: Database) throws {
        while true {
            let rows = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check")
            guard !rows.isEmpty else { return }
            var counts: [String: Int] = [:]
            for row in rows {
                let table: String = row[0]
                counts[table, default: 0] += 1
                if let number = row[1] as Int64? {
                    try db.execute(
                        sql: "DELETE FROM \(table) WHERE rowid = ?",
                        arguments: [number]
                    )
                }
            }
            for table in counts.keys where rows.allSatisfy({ ($0[0] as String) == table }) {
                // Tables without row numbers: whatever does not find its parent.
                try Self.dropChildren(of: table, db)
            }
            for (table, count) in counts.sorted(by: { $0.key < $1.key }) {
                losses.append("table \(table): \(count) rows name a row that is lost")
            }
            let left = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check")
            guard left.count < rows.count else {
                for table in Set(left.map { $0[0] as String }) {
                    try Self.dropChildren(of: table, db)
                }
                return
            }
        }
    }

    private static func dropChildren(of table: String, _ db: Database) throws {
        for key in try db.foreignKeys(on: table) {
            guard let column = key.mapping.first else { continue }
            try db.execute(
                sql: """
                    DELETE FROM \(table) WHERE \(column.origin) IS NOT NULL AND \(column.origin)
                    NOT IN (SELECT \(column.destination) FROM \(key.destinationTable))
                    """
            )
        }
    }
}
