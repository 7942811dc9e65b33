import GRDB

extension Library {
    /// All collections, by name.
    ///
    /// - Throws: `StoreError`.
    public func collections() throws(StoreError) -> [ClipCollection] {
        try reading("list collections") { try CollectionRow.fetch($0) }
    }

    /// The names of the collections that a clip is in.
    ///
    /// - Throws: `StoreError`.
    public func collections(with id: ClipID) throws(StoreError) -> [String] {
        try reading("list the collections of clip \(id)") { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT collections.name FROM collections
                    JOIN collection_clips ON collection_id = collections.id
                    JOIN clips ON clips.id = clip_id
                    WHERE clips.identity = ? ORDER BY collections.name
                    """,
                arguments: [id.hex]
            )
        }
    }

    /// Puts clips at the end of a collection, which is made if there is none of that name.
    ///
    /// - Parameters:
    ///   - ids: The clips; one that is in it already stays at its place.
    ///   - name: The collection.
    /// - Returns: The clips that came in.
    /// - Throws: `StoreError`: `.invalidValue` for the name, `.unknownReference`, `.locked`; then
    ///   nothing is changed.
    public func add(_ ids: [ClipID], toCollection name: String) throws(StoreError) -> [ClipID] {
        let name = name.composed
        try checkName(name, of: "collection")
        return try writing("add to collection \(name)") { db in
            let added = try append(ids, to: name, db)
            try writeCards(of: [.collection(name)], db)
            return added
        }
    }

    /// Puts clips at the end of a collection, in one transaction with other changes.
    func append(_ ids: [ClipID], to name: String, _ db: Database) throws -> [ClipID] {
        let collection = try CollectionRow.find(name, db) ?? CollectionRow.insert(name, db)
        return try ids.filter { id in
            try CollectionRow.put(number(of: id, db), into: collection, db)
            return db.changesCount > 0
        }
    }

    /// Takes clips out of a collection; the clips stay in the library.
    ///
    /// - Returns: The clips that went out; one that was not in it is no error.
    /// - Throws: `StoreError`: `.unknownReference`, `.locked`; then nothing is changed.
    public func remove(
        _ ids: [ClipID],
        fromCollection name: String
    ) throws(StoreError) -> [ClipID] {
        try writing("remove from collection \(name)") { db in
            let collection = try CollectionRow.number(of: name, db)
            let statement = try db.cachedStatement(
                sql: "DELETE FROM collection_clips WHERE collection_id = ? AND clip_id = ?"
            )
            let removed = try ids.filter { id in
                try statement.execute(arguments: [collection, try number(of: id, db)])
                return db.changesCount > 0
            }
            try writeCards(of: [.collection(name.composed)], db)
            return removed
        }
    }

    /// Gives a collection another name.
    ///
    /// - Returns: The old and the new name; nil if it has that name already.
    /// - Throws: `StoreError`: `.conflict` if the name belongs to another collection,
    ///   `.invalidValue`, `.unknownReference`, `.locked`.
    public func renameCollection(_ old: String, to name: String) throws(StoreError) -> Renaming? {
        let name = name.composed
        try checkName(name, of: "collection")
        return try writing("rename collection \(old)") { db in
            let collection = try CollectionRow.number(of: old, db)
            guard old != name else { return nil }
            guard try CollectionRow.find(name, db) == nil else {
                throw StoreError(
                    .conflict,
                    "collection \"\(old)\": there is another \"\(name)\"; choose another name"
                )
            }
            try db.execute(
                sql: "UPDATE collections SET name = ? WHERE id = ?",
                arguments: [name, collection]
            )
            try writeCards(of: [.collection(old.composed), .collection(name)], db)
            return Renaming(old: old, new: name)
        }
    }

    /// Deletes collections; their clips stay in the library.
    ///
    /// - Throws: `StoreError`: `.unknownReference`, `.locked`; then nothing is changed.
    public func deleteCollections(_ names: [String]) throws(StoreError) {
        try writing("delete collections") { db in
            for name in Set(names) {
                let collection = try CollectionRow.number(of: name, db)
                try db.execute(
                    sql: "DELETE FROM collections WHERE id = ?",
                    arguments: [collection]
                )
            }
            try writeCards(of: names.map { .collection($0.composed) }, db)
        }
    }

    /// The row number of a clip.
    func number(of id: ClipID, _ db: Database) throws -> Int64 {
        let number = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT id FROM clips WHERE identity = ?"),
            arguments: [id.hex]
        )
        guard let number else {
            throw StoreError(.unknownReference, "clip \(id): not in \"\(path)\"; see vsdb list")
        }
        return number
    }
}
