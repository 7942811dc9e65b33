import GRDB
import Migrations

/// The tables of a catalogue compared with those of an empty one.
enum SchemaCheck {
    /// What is missing that this vsdb made, or there that changes rows behind its back.
    ///
    /// Tables, columns, indexes and views of other programs are let be. An older version has fewer tables, and is not
    /// looked at.
    ///
    /// - Returns: A clause, such as `its table clips is gone`; nil if nothing is wrong.
    static func fault(_ db: Database) throws -> String? {
        guard try Migrator.lackingSteps(db).isEmpty else { return nil }
        let queue = try DatabaseQueue()
        try Migrator.migrate(queue)
        let wanted = try queue.read { try objects($0) }
        let found = try objects(db)
        if let gone = wanted.subtracting(found).min() {
            return "its \(gone.type) \(gone.name) is gone"
        }
        let trigger = found.subtracting(wanted).filter { $0.type == "trigger" }.min()
        return trigger.map { "its trigger \($0.name) is not of vsdb" }
    }

    private struct Object: Hashable, Comparable {
        let type, name: String

        static func < (one: Self, other: Self) -> Bool {
            // Tables first: their columns and indexes are gone with them.
            (one.type == "table" ? 0 : 1, one.name) < (other.type == "table" ? 0 : 1, other.name)
        }
    }

    private static func objects(_ db: Database) throws -> Set<Object> {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT type, name FROM sqlite_master WHERE name NOT GLOB 'sqlite_*'
                UNION ALL
                SELECT 'column', tables.name || '.' || columns.name
                FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
                WHERE tables.type = 'table' AND tables.name NOT GLOB 'sqlite_*'
                """
        )
        return try Set(rows.map { Object(type: try $0.at(0), name: try $0.at(1)) })
    }
}
