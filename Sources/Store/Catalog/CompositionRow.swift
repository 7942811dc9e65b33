import Foundation
import GRDB

/// Reads and writes rows of `compositions`, with their parents.
enum CompositionRow {
    static func insert(_ composition: NewComposition, _ db: Database) throws {
        let checksum = documentChecksum([
            composition.name, composition.hash, composition.recipeJSON,
        ])
        try db.execute(
            sql: """
                INSERT INTO compositions (name, hash, recipe, added, checksum)
                VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [
                composition.name, composition.hash, composition.recipeJSON, timestamp(Date()),
                checksum,
            ]
        )
        let row = db.lastInsertedRowID
        for (position, parent) in composition.parents.enumerated() {
            try db.execute(
                sql: """
                    INSERT INTO composition_parents (composition_id, position, clip_identity)
                    VALUES (?, ?, ?)
                    """,
                arguments: [row, position, parent.hex]
            )
        }
    }

    /// The recipes that meet a condition, by name, checked against their checksums.
    static func fetch(
        _ db: Database,
        where condition: String,
        arguments: StatementArguments = StatementArguments()
    ) throws -> [Composition] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT id, name, hash, recipe, added, checksum FROM compositions
                WHERE \(condition) ORDER BY name
                """,
            arguments: arguments
        )
        return try rows.map { row in
            let name: String = try row.at(1)
            let parents = try String.fetchAll(
                db,
                sql: """
                    SELECT clip_identity FROM composition_parents
                    WHERE composition_id = ? ORDER BY position
                    """,
                arguments: [try row.at(0) as Int64]
            )
            let ids = parents.compactMap(ClipID.init(hex:))
            let checksum: String = try row.at(5)
            guard try documentChecksum([name, row.at(2), row.at(3)]) == checksum,
                ids.count == parents.count
            else {
                throw StoreError(
                    .damaged,
                    "composition \"\(name)\": its row in the catalogue is not what was written; "
                        + "save the recipe again, or restore \(Library.catalogName) from a backup"
                )
            }
            return Composition(
                name: name,
                hash: try row.at(2),
                recipeJSON: try row.at(3),
                parents: ids,
                added: try date(row.at(4))
            )
        }
    }
}
