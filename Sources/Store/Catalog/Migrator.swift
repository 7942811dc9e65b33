import GRDB
import Migrations

/// Brings the catalogue to the schema of this vsdb.
package enum Migrator {
    /// The number in `PRAGMA user_version` of a current catalogue: how many steps it took.
    package static var version: Int { Migrations.all.count }

    /// "vsdb" in ASCII, in `PRAGMA application_id`.
    static let applicationID = 0x7673_6462

    /// The step after which the clips that are there get their checksums.
    private static let sealingStep = "V0003_seal_clips"

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for (index, step) in Migrations.all.enumerated() {
            migrator.registerMigration(step.name) { db in
                try db.execute(sql: step.sql)
                if step.name == sealingStep { try ClipRow.sealAll(db) }
                try db.execute(sql: "PRAGMA user_version = \(index + 1)")
            }
        }
        return migrator
    }

    /// Takes the steps that a catalogue lacks.
    ///
    /// Of two processes that do so at once, the second finds the first one's tables: no error.
    static func migrate(_ writer: some DatabaseWriter) throws {
        do { try migrator.migrate(writer) } catch {
            guard try writer.read(migrator.hasCompletedMigrations) else { throw error }
        }
    }

    /// The schema version of a catalogue.
    static func version(of db: Database) throws -> Int {
        try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    }

    /// Refuses catalogues that this vsdb cannot use.
    ///
    /// - Returns: Whether steps are lacking.
    /// - Throws: `StoreError`, `.stranger` or `.newerFormat`.
    static func lacksSteps(_ db: Database, path: String) throws -> Bool {
        guard try Int.fetchOne(db, sql: "PRAGMA application_id") == applicationID else {
            throw StoreError(
                .stranger,
                "catalogue \"\(path)\": another program's database; restore the library's own file"
            )
        }
        let found = try version(of: db)
        let isSuperseded = try migrator.hasBeenSuperseded(db)
        let taken = try migrator.appliedIdentifiers(db)
        guard
            found > version || Migrations.all.prefix(found).allSatisfy({ taken.contains($0.name) })
        else {
            throw StoreError(
                .damaged,
                "catalogue \"\(path)\": its list of steps is not what was written; see vsdb repair"
            )
        }
        guard found <= version, !isSuperseded else {
            throw StoreError(
                .newerFormat,
                "catalogue \"\(path)\": made by a newer vsdb (schema \(found), this vsdb reads up "
                    + "to \(version)); upgrade vsdb"
            )
        }
        return try !migrator.hasCompletedMigrations(db)
    }

    /// The names of the steps that a catalogue lacks, in order.
    static func lackingSteps(_ db: Database) throws -> [String] {
        let taken = try migrator.appliedIdentifiers(db)
        return Migrations.all.map(\.name).filter { !taken.contains($0) }
    }

    /// The statements that make an empty current catalogue, in order.
    ///
    /// - Throws: A database error if a step is wrong.
    package static func schema() throws -> String {
        let queue = try DatabaseQueue()
        try migrate(queue)
        let statements = try queue.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT sql || ';' FROM sqlite_master
                    WHERE sql IS NOT NULL AND name NOT GLOB 'grdb_*' AND name NOT GLOB 'sqlite_*'
                    ORDER BY rowid
                    """
            )
        }
        return statements.joined(separator: "\n\n") + "\n"
    }
}
