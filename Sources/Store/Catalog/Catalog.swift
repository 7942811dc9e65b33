import Foundation
import GRDB

/// The SQLite database of a library.
final class Catalog: Sendable {
    let path: String
    private let pool: DatabasePool

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
    init(path: String, waitSeconds: Double) throws {
        self.path = path
        guard fileExists(path) else {
            throw StoreError(
                .damaged,
                "catalogue \"\(path)\": the file is missing; restore the library from a backup"
            )
        }
        pool = try Self.openPool(path, waitSeconds: waitSeconds)
        let lacksSteps = try pool.read { try Migrator.lacksSteps($0, path: path) }
        if lacksSteps { try Migrator.migrate(pool) }
    }

    /// Reads from one snapshot.
    func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try pool.read(body)
    }

    /// Writes all or nothing, alone among all processes (`BEGIN IMMEDIATE`).
    func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try pool.write { db in
            try refuseReadOnly(db)
            return try body(db)
        }
    }

    /// Settings that a test can ask for: journal mode, synchronous, foreign keys.
    func settings() throws -> [String] {
        try pool.writeWithoutTransaction { db in
            try ["journal_mode", "synchronous", "foreign_keys"].map {
                try String.fetchOne(db, sql: "PRAGMA \($0)") ?? ""
            }
        }
    }

    private func refuseReadOnly(_ db: Database) throws {
        guard access(path, W_OK) == 0 else {
            throw StoreError(
                .notWritable,
                "catalogue \"\(path)\": the file may not be written; give yourself that right"
            )
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
}

/// A time as the catalogue stores it: ISO 8601, UTC, milliseconds.
func timestamp(_ date: Date) -> String { date.formatted(timestampStyle) }

/// The time that a text of the catalogue stands for.
func date(_ timestamp: String) throws -> Date { try timestampStyle.parse(timestamp) }

private let timestampStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
