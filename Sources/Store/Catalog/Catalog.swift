import Foundation
import GRDB

/// The SQLite database of a library.
final class Catalog: Sendable {
    let path: String
    private let connections: any DatabaseWriter
    /// Whether what is read is a copy in memory: a write would succeed, and be lost.
    private let isCopy: Bool

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

    /// Opens the catalogue of a library and brings it up to date.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - waitSeconds: How long a write waits for other processes.
    ///   - isFrozen: Whether the disk is read-only.
    /// - Throws: `StoreError` or a database error.
    init(path: String, waitSeconds: Double, isFrozen: Bool) throws {
        self.path = path
        guard fileExists(path) else {
            throw StoreError(
                .damaged,
                "catalogue \"\(path)\": the file is missing; restore the library from a backup"
            )
        }
        let opened: any DatabaseWriter =
            if isFrozen { try Self.openFrozen(path) } else {
                try Self.openPool(path, waitSeconds: waitSeconds)
            }
        let lacksSteps = try opened.read { try Migrator.lacksSteps($0, path: path) }
        isCopy = lacksSteps && isFrozen
        connections = isCopy ? try Self.migratedCopy(of: opened) : opened
        if lacksSteps, !isCopy { try Migrator.migrate(connections) }
    }

    /// Reads from one snapshot.
    func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try connections.read(body)
    }

    /// Writes all or nothing, alone among all processes (`BEGIN IMMEDIATE`).
    func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        guard !isCopy else { throw DatabaseError(resultCode: .SQLITE_READONLY) }
        return try connections.write(body)
    }

    /// Settings that a test can ask for: journal mode, synchronous, foreign keys.
    func settings() throws -> [String] {
        try connections.writeWithoutTransaction { db in
            try ["journal_mode", "synchronous", "foreign_keys"].map {
                try String.fetchOne(db, sql: "PRAGMA \($0)") ?? ""
            }
        }
    }

    private static func openPool(_ path: String, waitSeconds: Double) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "vsdb catalogue"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(waitSeconds)
        configuration.maximumReaderCount = 4
        let pool = try DatabasePool(path: path, configuration: configuration)
        // GRDB chooses NORMAL for WAL, which may lose the last commits in a power cut, and
        // then tensors that were reported as stored would be rowless.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        return pool
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
        guard fileByteCount(path + "-wal") == 0 else {
            throw StoreError(
                .notWritable,
                "catalogue \"\(path)\": its last changes are still in \"\(path)-wal\" and the disk "
                    + "is read-only; open the library once where it can be written"
            )
        }
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
func date(_ timestamp: String) throws -> Date { try timestampStyle.parse(timestamp) }

private let timestampStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
