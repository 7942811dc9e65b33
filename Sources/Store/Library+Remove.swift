import Foundation
import GRDB

/// What removing clips did.
public struct RemovalReport: Sendable, Equatable {
    /// How many clips are gone.
    public let removedCount: Int
    /// Saved recipes that lost a clip, by name; only with force.
    public let brokenCompositions: [String]
}

/// What a collection of rowless tensors found.
public struct CollectionReport: Sendable, Equatable {
    /// How many tensors no row names.
    public let tensorCount: Int
    /// Their size in bytes, headers included.
    public let byteCount: Int
    /// Drafts of commands that died: packs, copies and segments that were never finished.
    public internal(set) var leftovers: [String] = []
    /// Their size in bytes.
    public internal(set) var leftoverByteCount = 0
    /// Whether they were only counted.
    public let isDryRun: Bool
}

/// The points of a removal between which a process may die.
package enum RemovalStep: String, Sendable, CaseIterable {
    /// The rows are deleted and the tensors say so; the catalogue is not yet committed.
    case removalNoted
}

/// The points of a collection between which a process may die.
package enum CollectionStep: String, Sendable, CaseIterable {
    /// The write lock of the catalogue is held and the rowless tensors are known.
    case orphansFound
    /// Tensors are gone; the catalogue's lock is still held.
    case tensorsDeleted
}

extension Library {
    /// Removes clips with their rows; their tensors stay until `collectGarbage`.
    ///
    /// - Parameters:
    ///   - ids: The clips.
    ///   - force: Whether to remove clips that a saved recipe uses.
    /// - Returns: How many were removed, and which recipes lost a clip.
    /// - Throws: `StoreError`: `.inUse` naming the recipes, `.unknownReference`, `.locked`;
    ///   then nothing is removed.
    public func remove(_ ids: [ClipID], force: Bool = false) throws(StoreError) -> RemovalReport {
        try remove(ids, force: force) { _ in }
    }

    /// Removes clips and reports each step; a step that throws stands for a crash there.
    package func remove(
        _ ids: [ClipID],
        force: Bool = false,
        onStep: (RemovalStep) throws -> Void
    ) throws(StoreError) -> RemovalReport {
        try writing("remove clips") { db in
            var users: Set<String> = []
            let collections = try collections(withAny: ids, db)
            for id in Set(ids) {
                guard let name = try ClipRow.name(of: id, db) else {
                    throw StoreError(.unknownReference, "clip \(id): not in \"\(path)\"")
                }
                let names = try compositions(using: id, db)
                guard names.isEmpty || force else {
                    throw StoreError(
                        .inUse,
                        "clip \"\(name)\": used by \(names.joined(separator: ", ")); "
                            + "remove those first, or use --force"
                    )
                }
                users.formUnion(names)
                try db.execute(sql: "DELETE FROM clips WHERE identity = ?", arguments: [id.hex])
            }
            try db.execute(
                sql: "DELETE FROM sources WHERE id NOT IN (SELECT source_id FROM clips)"
            )
            // The commit that this becomes.
            let commit = try CommitCount.stand(db).madeCount + 1
            try tensors.setRowlessNotes(RowlessNote.removed(by: commit), of: Set(ids))
            try onStep(.removalNoted)
            // A full disk is no reason to keep clips: the card then names some that are gone.
            do {
                try writeCards(of: collections.map { .collection($0) }, db)
            } catch {
                guard StoreError(error, "write cards", path).kind == .noSpace else { throw error }
            }
            return RemovalReport(
                removedCount: Set(ids).count,
                brokenCompositions: users.sorted()
            )
        }
    }

    /// Removes a saved recipe.
    ///
    /// - Throws: `StoreError`: `.unknownReference`, `.ambiguousReference`, `.locked`.
    public func removeComposition(_ reference: String) throws(StoreError) {
        let name = try composition(reference).name
        try writing("remove composition \(name)") { db in
            try db.execute(sql: "DELETE FROM compositions WHERE name = ?", arguments: [name])
            try writeCards(of: [.composition(name)], db)
        }
    }

    /// Deletes the tensors that no row names: of removed clips, and of commits that died.
    ///
    /// The write lock of the catalogue is held meanwhile, so no row can come to name a tensor
    /// that is being deleted; a commit under way puts its tensors again.
    ///
    /// - Parameter dryRun: Whether only to count. Then tensors of commits under way count too.
    /// - Returns: What was, or would be, deleted. The file does not shrink; its space is reused.
    /// - Throws: `StoreError`: `.locked`, `.noSpace`, `.notWritable`; `.damaged`, also where `repair` has to
    ///   come first, as what seems to be removed is lost.
    public func collectGarbage(dryRun: Bool = false) throws(StoreError) -> CollectionReport {
        try collectGarbage(dryRun: dryRun) { _ in }
    }

    /// Collects and reports each step; a step that throws stands for a crash there.
    package func collectGarbage(
        dryRun: Bool = false,
        onStep: (CollectionStep) throws -> Void
    ) throws(StoreError) -> CollectionReport {
        var report: CollectionReport
        if dryRun {
            var found = try reading("count tensors") { db in
                try refuseAfterLoss(db)
                return try Rowless(tensors, db)
            }
            do { try found.confirmLost(catalog, tensors) } catch {
                throw StoreError(error, "count tensors", path)
            }
            try refuse(found)
            report = found.report(isDryRun: true)
        } else {
            // Whoever copies records, such as a backup, keeps the collector away.
            let alone = try LibraryLock(
                tensors.folder,
                .alone,
                waitSeconds: waitSeconds,
                "collect tensors"
            )
            defer { withExtendedLifetime(alone) {} }
            report = try writing("collect tensors") { db in
                try refuseAfterLoss(db)
                let found = try Rowless(tensors, db)
                try refuse(found)
                try onStep(.orphansFound)
                try tensors.delete(found.keys + found.cards)
                try tensors.setRowlessNotes(nil, of: found.settled)
                try onStep(.tensorsDeleted)
                return found.report(isDryRun: false)
            }
        }
        let leftovers = Leftovers(library: path)
        report.leftovers = leftovers.paths
        report.leftoverByteCount = leftovers.byteCount
        if !dryRun { leftovers.delete() }
        return report
    }

    /// What has no row may be lost, and not removed; when a library is opened its loss is noted.
    private func refuseAfterLoss(_ db: Database) throws {
        // Where nothing can be written it is not noted.
        if let warning { throw StoreError(.damaged, warning) }
        if let loss = try CommitCount.loss(db, marked: nil) {
            throw StoreError(.damaged, loss.description(path))
        }
    }

    private func refuse(_ found: Rowless) throws(StoreError) {
        if let fault = found.fault(path) { throw StoreError(.damaged, fault) }
    }

    private func collections(withAny ids: [ClipID], _ db: Database) throws -> [String] {
        let list = "[" + Set(ids).map { "\"\($0.hex)\"" }.joined(separator: ",") + "]"
        return try String.fetchAll(
            db,
            sql: """
                SELECT DISTINCT collections.name FROM clips
                JOIN collection_clips ON clip_id = clips.id
                JOIN collections ON collections.id = collection_id
                WHERE identity IN (SELECT value FROM json_each(?))
                """,
            arguments: [list]
        )
    }

    private func compositions(using id: ClipID, _ db: Database) throws -> [String] {
        try String.fetchAll(
            db,
            sql: """
                SELECT DISTINCT name FROM compositions
                JOIN composition_parents ON composition_id = compositions.id
                WHERE clip_identity = ? ORDER BY name
                """,
            arguments: [id.hex]
        )
    }
}
