import Foundation
import GRDB
import Tensors

/// Saved compositions and collections, and their cards.
extension LibraryRepairer {
    /// Writes the rows of documents that have a card and no row; clips come back into their collections.
    ///
    /// - Returns: How many documents there were to write.
    @discardableResult
    mutating func restoreDocuments(_ cards: [DocumentCard], _ db: Database) throws -> Int {
        var count = 0
        for card in cards {
            switch card {
            case .composition(let composition):
                let known = try Int.fetchOne(
                    db,
                    sql: "SELECT 1 FROM compositions WHERE name = ?",
                    arguments: [composition.name]
                )
                guard known == nil else { continue }
                try CompositionRow.insert(composition, db)
                report.actions.append(
                    "wrote the composition \"\(composition.name)\" again, from its card"
                )
                count += 1
            case .collection(let collection):
                count += try restore(collection, db) ? 1 : 0
            }
        }
        return count
    }

    /// Names the clips of compositions again whose rows lost some.
    mutating func mendParents(_ store: TensorStore, _ db: Database) throws {
        for card in try store.read({ try $0.documentCards() }) {
            guard case .composition(let composition) = card,
                try CompositionRow.lacksParents(of: composition, db),
                let number = try CompositionRow.number(of: composition.name, db)
            else { continue }
            try takeOut("composition_parents", "composition_id = ?", [number], db)
            try CompositionRow.insertParents(composition.parents, number, db)
            report.actions.append(
                "wrote again which clips the composition \"\(composition.name)\" draws on, from its card"
            )
        }
    }

    private mutating func restore(_ collection: CollectedClips, _ db: Database) throws -> Bool {
        let found = try CollectionRow.find(collection.name, db)
        let number = try found ?? CollectionRow.insert(collection.name, db)
        let members = try Set(CollectionRow.members(of: number, db))
        let lacking = try collection.clips.filter { !members.contains($0) }
            .compactMap { try clipNumber($0, db) }
        guard found == nil || !lacking.isEmpty else { return false }
        if members.isSubset(of: collection.clips) {
            // The order is that of the card.
            try db.execute(
                sql: "DELETE FROM collection_clips WHERE collection_id = ?",
                arguments: [number]
            )
            for clip in try collection.clips.compactMap({ try clipNumber($0, db) }) {
                try CollectionRow.put(clip, into: number, db)
            }
        } else {
            for clip in lacking { try CollectionRow.put(clip, into: number, db) }
        }
        report.actions.append(
            "put \(lacking.count.counted("clip")) into the collection \"\(collection.name)\" again, from its card"
        )
        return true
    }

    /// Writes cards for documents that have none: of an older vsdb, or lost with damaged tensors.
    ///
    /// One that is there stays: it may name clips that are set aside.
    func writeLackingCards(_ store: TensorStore, _ db: Database) throws {
        let present = try Set(store.read { try $0.documentCards() }.map(\.key))
        let names = try ["compositions", "collections"].map { table in
            try String.fetchAll(db, sql: "SELECT name FROM \(table) ORDER BY name")
        }
        let keys =
            names[0].map(DocumentCard.Key.composition) + names[1].map(DocumentCard.Key.collection)
        var texts: [String: String?] = [:]
        for key in keys where !present.contains(key) {
            if let text = try DocumentCard(key, db)?.text() { texts[key.text] = text }
        }
        if !texts.isEmpty { try store.setProperties(texts) }
    }
}
