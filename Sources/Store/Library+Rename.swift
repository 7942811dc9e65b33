import GRDB

/// The old and the new name of something.
public struct Renaming: Sendable, Equatable {
    /// What it was called.
    public let old: String
    /// What it is called now.
    public let new: String
}

extension Library {
    /// Gives a clip, or the segments of a base name, another base name.
    ///
    /// A base name belongs to one whole clip, or to segments of one source, pack and settings. So
    /// `walk` renames all its segments, `walk@2s-4s` only that one, and segments may come together
    /// again under one name.
    ///
    /// - Parameters:
    ///   - reference: A base name, a segment, or the first digits of an id.
    ///   - name: The new base name; it must be valid.
    /// - Returns: The names that changed.
    /// - Throws: `StoreError`: `.conflict` if the name belongs to another clip, `.invalidValue`,
    ///   `.unknownReference`, `.ambiguousReference`, `.locked`; then nothing is changed.
    public func renameClip(_ reference: String, to name: String) throws(StoreError) -> [Renaming] {
        let name = name.composed
        try checkName(name, of: "clip")
        return try writing("rename \(reference)") { db in
            let clips = try clips(named: reference, db).filter { $0.baseName != name }
            let owners = try ClipRow.fetch(
                db,
                where: "clips.base_name = ?",
                arguments: [name],
                limit: 1
            )
            if let owner = owners.first, let clip = clips.first {
                try checkTogether(clip, owner)
            }
            let renamed = try clips.map { clip in
                let new = name + clip.name.dropFirst(clip.baseName.count)
                try checkFree(new, db)
                try db.execute(
                    sql: "UPDATE clips SET name = ?, base_name = ? WHERE identity = ?",
                    arguments: [new, name, clip.id.hex]
                )
                try ClipRow.seal(number(of: clip.id, db), db)
                return Renaming(old: clip.name, new: new)
            }
            try writeCards(of: clips.map(\.id), db)
            return renamed
        }
    }

    /// Gives a saved recipe another name.
    ///
    /// - Returns: The old and the new name; nil if it has that name already.
    /// - Throws: `StoreError`: `.conflict` if the name belongs to another recipe, `.invalidValue`,
    ///   `.unknownReference`, `.ambiguousReference`, `.damaged`, `.locked`.
    public func renameComposition(
        _ reference: String,
        to name: String
    ) throws(StoreError) -> Renaming? {
        let name = name.composed
        try checkName(name, of: "composition")
        return try writing("rename composition \(reference)") { db in
            let known = try composition(reference, db)
            guard known.name != name else { return nil }
            let isTaken = try CompositionRow.fetch(db, where: "name = ?", arguments: [name])
            guard isTaken.isEmpty else {
                throw StoreError(
                    .conflict,
                    "composition \"\(known.name)\": there is another \"\(name)\"; choose another "
                        + "name, or remove that one first"
                )
            }
            try db.execute(
                sql: "UPDATE compositions SET name = ?, checksum = ? WHERE name = ?",
                arguments: [
                    name, documentChecksum([name, known.hash, known.recipeJSON]), known.name,
                ]
            )
            try writeCards(of: [.composition(known.name), .composition(name)], db)
            return Renaming(old: known.name, new: name)
        }
    }

    /// Refuses to put a clip under the base name of one that is no segment beside it.
    private func checkTogether(_ clip: Clip, _ owner: Clip) throws {
        let areBeside =
            clip.isSegment && owner.isSegment && clip.source.sha256 == owner.source.sha256
            && clip.packFingerprint == owner.packFingerprint && clip.settings == owner.settings
        guard areBeside else {
            throw StoreError(
                .conflict,
                "clip \"\(clip.name)\": the name \"\(owner.baseName)\" belongs to \(owner.name) "
                    + "(\(owner.id)); choose another name"
            )
        }
    }

    private func checkFree(_ name: String, _ db: Database) throws {
        let owners = try ClipRow.fetch(db, where: "clips.name = ?", arguments: [name])
        guard owners.isEmpty else {
            throw StoreError(
                .conflict,
                "clip \"\(name)\": there is one of that name; choose another name"
            )
        }
    }
}
