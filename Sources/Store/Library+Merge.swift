import GRDB

/// What is known of a clip elsewhere and can change: words to find it by.
public struct ClipLabels: Sendable, Equatable {
    /// The clip.
    public var id: ClipID
    /// A sentence about it.
    public var caption: String?
    /// Words to filter by.
    public var tags: [String]

    /// Describes a clip.
    public init(id: ClipID, caption: String?, tags: [String]) {
        (self.id, self.caption, self.tags) = (id, caption, tags)
    }
}

/// A collection elsewhere.
public struct CollectedClips: Sendable, Equatable {
    /// What it is called.
    public var name: String
    /// Its clips, in order.
    public var clips: [ClipID]

    /// Describes a collection.
    public init(name: String, clips: [ClipID]) { (self.name, self.clips) = (name, clips) }
}

/// What became of recipes and collections that were taken over.
public struct MergedDocuments: Sendable, Equatable {
    /// The recipes that came in, by the names that they got.
    public var compositions: [String] = []
    /// Those of them whose name had other content.
    public var renamed: [Renaming] = []
    /// How many recipes the library had already, by their hash, whatever they are called.
    public var knownCount = 0
    /// The collections that were made, or got clips.
    public var collections: [String] = []
}

extension Library {
    /// Those of some clips that the library has.
    ///
    /// - Throws: `StoreError`.
    public func known(_ ids: [ClipID]) throws(StoreError) -> Set<ClipID> {
        try reading("look up clips") { db in
            Set(try ids.filter { try ClipRow.name(of: $0, db) != nil })
        }
    }

    /// The name that a clip would get if it were added to the library as it is now.
    ///
    /// - Parameter clip: The clip; its assets do not matter.
    /// - Returns: The name, that of a segment with its range.
    /// - Throws: `StoreError`.
    public func name(for clip: NewClip) throws(StoreError) -> String {
        try reading("look up a name") { db in
            let source = try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT id FROM sources WHERE sha256 = ?"),
                arguments: [clip.source.sha256]
            )
            // No row has the number 0: no clip of the library is of a source that it does not have.
            let naming = ClipNaming(
                clip,
                source: source ?? 0,
                pack: clip.packFingerprint.lowercased()
            )
            return try naming.choose(db).shown
        }
    }

    /// Gives clips the tags that they have elsewhere, and captions to those that have none.
    ///
    /// - Parameter labels: Clips; those that the library does not have are passed over.
    /// - Returns: The clips that changed.
    /// - Throws: `StoreError`: `.invalidValue` for a tag, `.locked`; then nothing is changed.
    public func addLabels(_ labels: [ClipLabels]) throws(StoreError) -> Set<ClipID> {
        for tag in labels.flatMap(\.tags) { try checkTag(tag) }
        return try writing("label clips") { db in
            let tagging = try db.cachedStatement(
                sql: """
                    INSERT INTO clip_tags (clip_id, tag)
                    SELECT id, ? FROM clips WHERE identity = ? ON CONFLICT DO NOTHING
                    """
            )
            let captioning = try db.cachedStatement(
                sql: "UPDATE clips SET caption = ? WHERE identity = ? AND caption IS NULL"
            )
            var changed: Set<ClipID> = []
            for label in labels {
                for tag in label.tags {
                    try tagging.execute(arguments: [tag, label.id.hex])
                    if db.changesCount > 0 { changed.insert(label.id) }
                }
                guard let caption = label.caption else { continue }
                try captioning.execute(arguments: [caption, label.id.hex])
                if db.changesCount > 0 { changed.insert(label.id) }
            }
            for id in changed { try ClipRow.seal(number(of: id, db), db) }
            try writeCards(of: Array(changed), db)
            return changed
        }
    }

    /// Takes over recipes by their hash and collections by their name, all or nothing.
    ///
    /// A recipe that the library has under any name is left as it is. One whose name has other content is
    /// called `NAME-2` or so. Clips come to the end of a collection, in the order given.
    ///
    /// - Parameters:
    ///   - compositions: Recipes of clips that the library has.
    ///   - collections: Collections of such clips.
    ///   - dryRun: Whether only to say what would be done; then clips may be missing.
    /// - Returns: What was, or would be, done.
    /// - Throws: `StoreError`: `.invalidValue`, `.unknownReference` for a clip, `.locked`; then nothing is changed.
    public func merge(
        compositions: [NewComposition],
        collections: [CollectedClips],
        dryRun: Bool = false
    ) throws(StoreError) -> MergedDocuments {
        for composition in compositions { try composition.validate() }
        for collection in collections { try checkName(collection.name, of: "collection") }
        guard !dryRun else {
            return try reading("look up compositions") { db in
                var plan = try CompositionMerge(compositions, db).documents
                plan.collections = try collections.filter {
                    try CollectionRow.find($0.name, db) == nil || !isCovered($0, db)
                }.map(\.name)
                return plan
            }
        }
        return try writing("add compositions and collections") { db in
            let plan = try CompositionMerge(compositions, db)
            for composition in plan.fresh {
                for parent in composition.parents { _ = try number(of: parent, db) }
                try CompositionRow.insert(composition, db)
            }
            var documents = plan.documents
            for collection in collections {
                let isNew = try CollectionRow.find(collection.name, db) == nil
                let count = try append(collection.clips, to: collection.name, db).count
                if isNew || count > 0 { documents.collections.append(collection.name) }
            }
            try writeCards(
                of: plan.fresh.map { .composition($0.name) }
                    + documents.collections.map { .collection($0.composed) },
                db
            )
            return documents
        }
    }

    private func isCovered(_ collection: CollectedClips, _ db: Database) throws -> Bool {
        let row = try CollectionRow.number(of: collection.name, db)
        let members = try String.fetchSet(
            db,
            sql: """
                SELECT identity FROM collection_clips JOIN clips ON clips.id = clip_id
                WHERE collection_id = ?
                """,
            arguments: [row]
        )
        return collection.clips.allSatisfy { members.contains($0.hex) }
    }
}

/// Which of some recipes a library lacks, and what they would be called in it.
private struct CompositionMerge {
    var fresh: [NewComposition] = []
    var documents = MergedDocuments()

    init(_ compositions: [NewComposition], _ db: Database) throws {
        var taken = try String.fetchSet(db, sql: "SELECT name FROM compositions")
        // Looked up before any comes in: two names of one recipe come together or not at all.
        let known = try String.fetchSet(db, sql: "SELECT hash FROM compositions")
        for var composition in compositions {
            guard !known.contains(composition.hash) else {
                documents.knownCount += 1
                continue
            }
            let wanted = composition.name
            var number = 2
            while taken.contains(composition.name) {
                composition.name = "\(ClipName.shortened(wanted))-\(number)"
                number += 1
            }
            taken.insert(composition.name)
            fresh.append(composition)
            documents.compositions.append(composition.name)
            if composition.name != wanted {
                documents.renamed.append(Renaming(old: wanted, new: composition.name))
            }
        }
    }
}
