import Foundation
import GRDB
import GRDBSQLite

/// The SQLite database of a library.
final class Catalog: Sendable {
    let path: String
    private let connections: any DatabaseWriter
    /// Why nothing can be written, if so.
    ///
    /// An older catalogue is read as a copy in memory that took the
    /// steps it lacks: a write there would succeed, and be lost.
    private let refusal: StoreError?
    private let mark: CommitMark

    /// Makes the catalogue of a new library.
    static func create(path: String, uuid: String, created: Date) throws {
        let pool = try openPool(path, waitSeconds: 10)
        try Migrator.migrate(pool)
        try pool.write { db in
            try db.execute(
                sql: "INSERT INTO library (name, value) VALUES ('uuid', ?), ('created', ?)",
                arguments: [uuid, timestamp(created)]
            )
        }
        try pool.close()
    }

    /// Opens the catalogue of a library; an older one can only be read.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - waitSeconds: How long a write waits for other processes.
    ///   - isFrozen: Whether the disk is read-only.
    /// - Throws: `StoreError` or a database error.
    init(path: String, waitSeconds: Double, isFrozen: Bool) throws {
        self.path = path
        mark = CommitMark(ofCatalog: path)
        // SQLite takes an empty file for a new database.
        guard fileByteCount(path) > 0 else {
            throw StoreError(
                .damaged,
                "catalogue \"\(path)\": the file is missing or empty; write it again with vsdb repair, or "
                    + "restore the library from a backup"
            )
        }
        try LogOrigin.check(path, isFrozen: isFrozen)
        let opened: any DatabaseWriter =
            if isFrozen { try Self.openFrozen(path) } else {
                try Self.openPool(path, waitSeconds: waitSeconds)
            }
        let older = try opened.read { db in
            try Migrator.lacksSteps(db, path: path) ? Migrator.version(of: db) : nil
        }
        if let older {
            connections = try Self.migratedCopy(of: opened)
            refusal = StoreError(
                isFrozen ? .notWritable : .olderFormat,
                "catalogue \"\(path)\": its tables are of version \(older) and this vsdb writes "
                    + "version \(Migrator.version); they can be read, and to write, bring them up to "
                    + "date with vsdb migrate, which keeps a copy"
            )
        } else {
            connections = opened
            refusal = nil
        }
    }

    /// Refuses what would change an older catalogue.
    func refuseOlder() throws(StoreError) { if let refusal { throw refusal } }

    /// Reads from one snapshot.
    func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try connections.read(body)
    }

    /// Writes all or nothing, alone among all processes (`BEGIN IMMEDIATE`).
    func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        if let refusal { throw refusal }
        let marked = mark.count
        let (result, count) = try connections.write { db -> (Result, Int?) in
            let before = db.totalChangesCount
            try CommitCount.noteLoss(db, marked: marked)
            let result = try body(db)
            guard db.totalChangesCount != before else { return (result, nil) }
            try CommitCount.endCopy(db)
            return (result, try CommitCount.increase(db))
        }
        if let count { mark.note(count) }
        return result
    }

    /// What is missing of what was committed once; nil if nothing is.
    func loss() throws -> CommitCount.Loss? {
        let marked = mark.count
        return try connections.read { try CommitCount.loss($0, marked: marked) }
    }

    /// Settings that a test can ask for: journal mode, synchronous, foreign keys.
    func settings() throws -> [String] {
        try connections.writeWithoutTransaction { db in
            try ["journal_mode", "synchronous", "foreign_keys"].map {
                try String.fetchOne(db, sql: "PRAGMA \($0)") ?? ""
            }
        }
    }

    /// Copies what one snapshot holds into a new file.
    func backUp(to path: String) throws {
        let copy = try DatabaseQueue(path: path)
        // All pages in one step: writers of other processes cannot come between.
        try connections.backup(to: copy)
        try copy.close()
    }

    /// Writes the file anew, without the room of what was deleted, and empties the log.
    func vacuum() throws {
        try Self.countCommit(connections, mark)
        try connections.writeWithoutTransaction { db in
            try db.execute(sql: "VACUUM")
            try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
    }

    /// Counts a commit before what moves pages without changing what they hold: no log of the time after is
    /// of the file before (`LogOrigin`).
    static func countCommit(_ connections: any DatabaseWriter, _ mark: CommitMark) throws {
        let marked = mark.count
        let count = try connections.write { db in
            try CommitCount.noteLoss(db, marked: marked)
            return try CommitCount.increase(db)
        }
        mark.note(count)
    }

    /// Closes the connections; the last of all processes writes the log back into the file.
    func close() throws { try connections.close() }

    static func openPool(_ path: String, waitSeconds: Double) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "vsdb catalogue"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(waitSeconds)
        configuration.maximumReaderCount = 4
        // A backup has an empty log, which overwrites the one of a library that it is copied over: it stays.
        if fileExists(path + "-wal"), fileByteCount(path + "-wal") == 0 {
            configuration.prepareDatabase { try Self.keepLogFile($0) }
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        // GRDB chooses NORMAL for WAL, which may lose the last commits in a power cut, and
        // then tensors that were reported as stored would be rowless.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        return pool
    }

    /// Leaves the log's file when the last connection closes, empty.
    private static func keepLogFile(_ db: Database) throws {
        var isWanted: CInt = 1
        sqlite3_file_control(db.sqliteConnection, nil, SQLITE_FCNTL_PERSIST_WAL, &isWanted)
        try db.execute(sql: "PRAGMA journal_size_limit = 0")
    }

    /// A copy in memory of a catalogue that lacks steps and cannot be changed where it is.
    private static func migratedCopy(of frozen: any DatabaseWriter) throws -> DatabaseQueue {
        let copy = try DatabaseQueue()
        try frozen.backup(to: copy)
        try Migrator.migrate(copy)
        return copy
    }

    /// Opens a file that nobody can change.
    ///
    /// SQLite refuses to read a file in WAL mode where it cannot make its shared memory, unless
    /// it is told that the file is immutable; then it does not look at the log.
    private static func openFrozen(_ path: String) throws -> DatabaseQueue {
        // Where others can write, their log and its index are read as they are.
        let isShared = !isReadOnlyDisk(path) && fileExists(path + "-shm")
        if isShared, fileByteCount(path + "-wal") > 0 { return try openReadOnly(path) }
        guard fileByteCount(path + "-wal") == 0 else {
            throw StoreError(
                .notWritable,
                "catalogue \"\(path)\": its last changes are still in \"\(path)-wal\" and the disk "
                    + "is read-only; open the library once where it can be written"
            )
        }
        return try openImmutable(path)
    }

    /// Opens the file with its log, to read.
    static func openReadOnly(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(1)
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Opens the file without its log, to read.
    static func openImmutable(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        let plain = CharacterSet.urlPathAllowed
        guard let escaped = path.addingPercentEncoding(withAllowedCharacters: plain) else {
            throw StoreError(.invalidValue, "catalogue \"\(path)\": not a path in UTF-8; rename it")
        }
        return try DatabaseQueue(path: "file:\(escaped)?immutable=1", configuration: configuration)
    }
}

/// A time as the catalogue stores it: ISO 8601, UTC, milliseconds.
func timestamp(_ date: Date) -> String { date.formatted(timestampStyle) }

/// The time that a text of the catalogue stands for.
///
/// - Throws: `StoreError`, `.damaged`.
func date(_ timestamp: String) throws(StoreError) -> Date {
    do { return try timestampStyle.parse(timestamp) } catch {
        throw StoreError(
            .damaged,
            "catalogue: \"\(timestamp)\" stands where a time was written; see vsdb check, and mend it with "
                + "vsdb repair"
        )
    }
}

private let timestampStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
