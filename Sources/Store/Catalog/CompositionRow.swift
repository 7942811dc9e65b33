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
        try insertParents(composition.parents, db.lastInsertedRowID, db)
    }

    static func insertParents(_ parents: [ClipID], _ number: Int64, _ db: Database) throws {
        for (position, parent) in parents.enumerated() {
            try db.execute(
                sql: """
                    INSERT INTO composition_parents (composition_id, position, clip_identity)
                    VALUES (?, ?, ?)
                    """,
                arguments: [number, position, parent.hex]
            )
        }
    }

    static func number(of name: String, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(
            db,
            sql: "SELECT id FROM compositions WHERE name = ?",
            arguments: [name]
        )
    }

    /// Whether the row of a card's recipe, which is the same, does not name the same clips: rows were lost.
    static func lacksParents(of card: NewComposition, _ db: Database) throws -> Bool {
        let found = try fetch(
            db,
            where: "name = ? AND hash = ?",
            arguments: [card.name, card.hash]
        )
        return found.first.map { $0.parents != card.parents } ?? false
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
                        + "save the recipe again, or restore the library from a backup"
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
