import Foundation
import GRDB
import Tensors

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
    static let tables = [
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
        try Self.mendHeader(of: old)
        let damaged = try DatabaseQueue(path: old)
        let fresh = try DatabaseQueue(path: new)
        try Migrator.migrate(fresh)
        try fresh.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA foreign_keys = OFF")
            // One transaction: a sync for each row would take hours.
            try db.inTransaction {
                for table in Self.tables { try copy(table, damaged, db) }
                try dropDangling(db)
                // A catalogue of an older version has none.
                try ClipRow.sealAll(db)
                return .commit
            }
            try db.execute(sql: "PRAGMA foreign_keys = ON")
        }
        guard kept["library"] ?? 0 > 0 || kept["clips"] ?? 0 > 0 else {
            throw StoreError(
                .damaged,
                "catalogue \"\(old)\": nothing in it can be read; restore "
                    + "the library from a backup"
            )
        }
        try fresh.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        try fresh.close()
        try damaged.close()
    }

    /// Describes a catalogue of which nothing could be read.
    init(loss: String) { losses = [loss] }

    /// Writes the bytes of the header that are the same in every catalogue.
    ///
    /// Source: sqlite.org/fileformat2.html, section 1.3.
    private static func mendHeader(of path: String) throws {
        guard fileByteCount(path) >= 100 else { return }
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let parts: [(UInt64, [UInt8])] = [
            (0, Array("SQLite format 3\0".utf8)),
            // Pages of 4096 bytes, a log for reading and writing, nothing reserved, the fractions.
            (16, [0x10, 0x00, 2, 2, 0, 64, 32, 32]),
            // Schema format 4 and UTF-8.
            (44, [0, 0, 0, 4]), (56, [0, 0, 0, 1]),
        ]
        for (offset, bytes) in parts {
            try file.seek(toOffset: offset)
            try file.write(contentsOf: Data(bytes))
        }
        try file.close()
    }

    private mutating func copy(
        _ table: String,
        _ damaged: DatabaseQueue,
        _ db: Database
    ) throws {
        var known: [String] = []
        let isThere = try Self.reads {
            known = try damaged.read { try $0.columns(in: table).map(\.name) }
        }
        guard isThere else {
            losses.append("table \(table): is not there, or cannot be read")
            return
        }
        // A table of an older version lacks some.
        let columns = try db.columns(in: table).map(\.name).filter(known.contains)
        let isNumbered = ![
            "library", "packs", "clip_tags", "composition_parents", "collection_clips",
        ]
        .contains(table)
        let rows =
            isNumbered
            ? try numberedRows(table, columns, damaged)
            : try unnumberedRows(table, columns, damaged)
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
        if refused > 0 {
            losses.append("table \(table): \(refused.counted("row")) against its rules")
        }
    }

    private typealias Found = (found: [[DatabaseValue]], unreadCount: Int)

    /// Whether reading met no damage; any other error, such as a disk that fails, is thrown.
    private static func reads(_ read: () throws -> Void) throws -> Bool {
        do {
            try read()
            return true
        } catch let error as DatabaseError where error.isDamage {
            return false
        }
    }

    private func numberedRows(
        _ table: String,
        _ columns: [String],
        _ damaged: DatabaseQueue
    ) throws -> Found {
        let query = """
            SELECT rowid, \(columns.joined(separator: ", ")) FROM \(table)
            WHERE rowid BETWEEN ? AND ?
            """
        var rows: [[DatabaseValue]] = []
        var unread = 0
        var attempts = 0
        let last = try lastNumber(table, damaged)
        var ranges = [(low: min(try firstNumber(table, damaged), last), high: last)]
        while let range = ranges.popLast() {
            attempts += 1
            guard attempts < Self.attemptLimit else {
                unread += 1
                break
            }
            var next = range.low
            let isWhole = try Self.reads {
                try damaged.read { db in
                    let cursor = try Row.fetchCursor(
                        db,
                        sql: query,
                        arguments: [range.low, range.high]
                    )
                    while let row = try cursor.next() {
                        rows.append(Array(row.databaseValues.dropFirst()))
                        let number: Int64 = try row.at(0)
                        next = number == .max ? number : number + 1
                    }
                }
            }
            guard !isWhole, next <= range.high else { continue }
            guard range.high > next else {
                unread += 1
                continue
            }
            // Half of their distance, which may be more than an Int64 holds.
            let middle = next + Int64(UInt64(bitPattern: range.high &- next) / 2)
            ranges.append((middle + 1, range.high))
            ranges.append((next, middle))
        }
        return (rows, unread)
    }

    /// The least number of a row of a table: 1, unless somebody chose another.
    private func firstNumber(_ table: String, _ damaged: DatabaseQueue) throws -> Int64 {
        var found: Int64?
        _ = try Self.reads {
            found = try damaged.read {
                try Int64.fetchOne($0, sql: "SELECT min(rowid) FROM \(table)")
            }
        }
        return min(1, found ?? 1)
    }

    /// A number that no row of a table exceeds, as good as it can be known.
    private func lastNumber(_ table: String, _ damaged: DatabaseQueue) throws -> Int64 {
        let queries = [
            "SELECT max(rowid) FROM \(table)",
            "SELECT seq FROM sqlite_sequence WHERE name = '\(table)'",
        ]
        for query in queries {
            var found: Int64?
            let isRead = try Self.reads {
                found = try damaged.read { try Int64.fetchOne($0, sql: query) }
            }
            if isRead, let found { return found }
        }
        return 1 << 20
    }

    private func unnumberedRows(
        _ table: String,
        _ columns: [String],
        _ damaged: DatabaseQueue
    ) throws -> Found {
        let keys = columns.prefix(["library", "packs"].contains(table) ? 1 : 2)
        var rows: [[DatabaseValue]] = []
        var seen: Set<[DatabaseValue]> = []
        for direction in ["ASC", "DESC"] {
            let order = keys.map { "\($0) \(direction)" }.joined(separator: ", ")
            let isWhole = try Self.reads {
                try damaged.read { db in
                    let cursor = try Row.fetchCursor(
                        db,
                        sql: """
                            SELECT \(columns.joined(separator: ", ")) FROM \(table)
                            ORDER BY \(order)
                            """
                    )
                    while let row = try cursor.next() {
                        let values = Array(row.databaseValues)
                        if seen.insert(Array(values.prefix(keys.count))).inserted {
                            rows.append(values)
                        }
                    }
                }
            }
            if isWhole { return (rows, 0) }
        }
        return (rows, 1)
    }

    /// Leaves out rows that name a row that is gone; parents come first in the list of tables.
    private mutating func dropDangling(_ db: Database) throws {
        for table in Self.tables {
            for key in try db.foreignKeys(on: table) {
                guard let column = key.mapping.first else { continue }
                // A clip is what it is without the run that added it.
                let isLoose = column.origin == "ingest_run_id"
                let change =
                    isLoose ? "UPDATE \(table) SET \(column.origin) = NULL" : "DELETE FROM \(table)"
                try db.execute(
                    sql: """
                        \(change) WHERE \(column.origin) IS NOT NULL AND \(column.origin)
                        NOT IN (SELECT \(column.destination) FROM \(key.destinationTable))
                        """
                )
                if isLoose { continue }
                guard db.changesCount > 0 else { continue }
                losses.append(
                    "table \(table): \(db.changesCount.counted("row")) of a row that is lost"
                )
            }
        }
    }
}
