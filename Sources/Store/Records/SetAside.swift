import Foundation
import GRDB

/// What people gave a clip that repair took out, for the day on which it is ingested again.
///
/// A property of the library in the catalogue, `aside CLIP`: its caption and tags, and its collections
/// with its places in them. It goes when the clip comes.
struct SetAside: Codable {
    private struct Place: Codable {
        let collection: String
        let position: Int
    }

    private let caption: String?
    private let tags: [String]
    private let places: [Place]

    private static func key(_ id: ClipID) -> String { "aside " + id.hex }

    /// Keeps what a clip has before its rows go; caption and tags only if they are what was written.
    static func keep(_ id: ClipID, _ number: Int64, hasWords: Bool, _ db: Database) throws {
        let words =
            hasWords ? try ClipRow.fetch(db, where: "clips.id = ?", arguments: [number]) : []
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT name, position FROM collection_clips
                JOIN collections ON collections.id = collection_id WHERE clip_id = ?
                """,
            arguments: [number]
        )
        let places = rows.compactMap { row -> Place? in
            let values = Array(row.databaseValues)
            guard let name = String.fromDatabaseValue(values[0]),
                let position = Int.fromDatabaseValue(values[1])
            else { return nil }
            return Place(collection: name, position: position)
        }
        let kept = SetAside(
            caption: words.first?.caption,
            tags: words.first?.tags ?? [],
            places: places
        )
        guard kept.caption != nil || !kept.tags.isEmpty || !places.isEmpty else { return }
        try db.execute(
            sql: "INSERT OR REPLACE INTO library VALUES (?, ?)",
            arguments: [key(id), String(decoding: try JSONEncoder().encode(kept), as: UTF8.self)]
        )
    }

    /// Gives a clip that comes again what it had; its own caption stays.
    static func giveBack(to id: ClipID, _ number: Int64, _ db: Database) throws {
        let find = try db.cachedStatement(sql: "SELECT value FROM library WHERE name = ?")
        guard let text = try String.fetchOne(find, arguments: [key(id)]) else { return }
        try db.execute(sql: "DELETE FROM library WHERE name = ?", arguments: [key(id)])
        // What was damaged meanwhile is lost; the clip comes all the same.
        guard let kept = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return }
        try db.execute(
            sql: "UPDATE clips SET caption = coalesce(caption, ?) WHERE id = ?",
            arguments: [kept.caption, number]
        )
        for tag in kept.tags {
            try db.execute(
                sql: "INSERT INTO clip_tags (clip_id, tag) VALUES (?, ?) ON CONFLICT DO NOTHING",
                arguments: [number, tag]
            )
        }
        for place in kept.places {
            guard let collection = try CollectionRow.find(place.collection, db) else { continue }
            try CollectionRow.put(number, into: collection, at: place.position, db)
        }
    }
}
