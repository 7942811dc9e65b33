import Foundation
import GRDB

extension Library {
    /// Saves a recipe under a name.
    ///
    /// - Parameters:
    ///   - composition: The recipe. Saved again with the same hash, nothing changes.
    ///   - replace: Whether other content of that name may be overwritten.
    /// - Throws: `StoreError`: `.conflict` if the name has other content, `.unknownReference` if
    ///   a parent is not in the library, `.invalidValue`, `.locked`, `.noSpace`.
    public func saveComposition(
        _ composition: NewComposition,
        replace: Bool = false
    ) throws(StoreError) {
        let name = composition.name
        try composition.validate()
        try writing("save composition \(name)") { db in
            let known = try String.fetchOne(
                db,
                sql: "SELECT hash FROM compositions WHERE name = ?",
                arguments: [name]
            )
            if known == composition.hash, !replace { return }
            guard known == nil || replace else {
                throw StoreError(
                    .conflict,
                    "composition \"\(name)\": the name has other content; choose another name, "
                        + "or pass --replace"
                )
            }
            for parent in composition.parents where try ClipRow.name(of: parent, db) == nil {
                throw StoreError(
                    .unknownReference,
                    "composition \"\(name)\": clip \(parent) is not in the library; see vsdb list"
                )
            }
            try db.execute(sql: "DELETE FROM compositions WHERE name = ?", arguments: [name])
            try CompositionRow.insert(composition, db)
            try writeCards(of: [.composition(name)], db)
        }
    }

    /// The recipe of a name, or whose hash begins with at least four given digits.
    ///
    /// - Throws: `StoreError`: `.unknownReference`, `.ambiguousReference`, `.damaged`.
    public func composition(_ reference: String) throws(StoreError) -> Composition {
        try reading("look up composition \"\(reference)\"") { try composition(reference, $0) }
    }

    /// The recipe of a name or hash, in one snapshot with other questions.
    func composition(_ reference: String, _ db: Database) throws -> Composition {
        let named = try CompositionRow.fetch(db, where: "name = ?", arguments: [reference])
        if let composition = named.first { return composition }
        return try find(
            "composition",
            byHash: reference,
            fetch: { first, last in
                try CompositionRow.fetch(
                    db,
                    where: "hash >= ? AND hash < ?",
                    arguments: [first, last]
                )
            },
            describe: { "\($0.name) (\($0.hash.prefix(12)))" },
            names: { try String.fetchAll(db, sql: "SELECT name FROM compositions") }
        )
    }

    /// All saved recipes, by name.
    ///
    /// - Throws: `StoreError`, `.damaged` if a row is not what was written.
    public func compositions() throws(StoreError) -> [Composition] {
        try reading("list compositions") { try CompositionRow.fetch($0, where: "1") }
    }

    /// The saved recipes that draw on a clip, by name.
    ///
    /// - Throws: `StoreError`, `.damaged` if a row is not what was written.
    public func compositions(using id: ClipID) throws(StoreError) -> [Composition] {
        try reading("list the compositions of clip \(id)") { db in
            try CompositionRow.fetch(
                db,
                where:
                    "id IN (SELECT composition_id FROM composition_parents WHERE clip_identity = ?)",
                arguments: [id.hex]
            )
        }
    }

    /// Notes that a recipe was rendered.
    ///
    /// - Throws: `StoreError`: `.invalidValue`, `.locked`, `.noSpace`.
    public func recordRender(_ render: RenderRecord) throws(StoreError) {
        try checkHash(render.recipeHash, of: "render: the recipe hash")
        try checkJSON(render.detailsJSON, of: "render \"\(render.outputPath)\": the details")
        guard !render.outputPath.isEmpty else {
            throw StoreError(.invalidValue, "render: it has no path; name the file")
        }
        try writing("record a render") { db in
            try db.execute(
                sql: """
                    INSERT INTO renders (recipe_hash, output_path, details, rendered)
                    VALUES (?, ?, ?, ?)
                    """,
                arguments: [
                    render.recipeHash, render.outputPath, render.detailsJSON,
                    timestamp(render.rendered),
                ]
            )
        }
    }

    /// The renders of a recipe, newest first; of all recipes without a hash.
    ///
    /// - Throws: `StoreError`.
    public func renders(ofRecipe hash: String? = nil) throws(StoreError) -> [RenderRecord] {
        try reading("list renders") { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT recipe_hash, output_path, details, rendered FROM renders
                    WHERE ?1 IS NULL OR recipe_hash = ?1 ORDER BY rendered DESC, id DESC
                    """,
                arguments: [hash?.lowercased()]
            )
            return try rows.map { row in
                RenderRecord(
                    recipeHash: try row.at(0),
                    outputPath: try row.at(1),
                    detailsJSON: try row.at(2),
                    rendered: try date(row.at(3))
                )
            }
        }
    }
}
