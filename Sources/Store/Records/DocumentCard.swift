import Foundation
import GRDB

/// What the catalogue says of a saved composition or a collection, kept beside the tensors.
///
/// As with `ClipCard`, repair writes lost rows again from it. It is a property of the tensor store, under
/// `composition/NAME` or `collection/NAME`: the checksum of the JSON, a space, the JSON. A card without a
/// row is of a row that was lost, as removing a document deletes its card.
enum DocumentCard: Equatable {
    case composition(NewComposition)
    /// Its clips in order; some may be set aside.
    case collection(CollectedClips)

    /// Which document it is of.
    enum Key: Hashable {
        case composition(String)
        case collection(String)

        /// LMDB takes keys of up to 511 bytes, and no valid name is that long.
        var text: String {
            switch self {
            case .composition(let name):
                "composition/" + String(decoding: name.utf8.prefix(480), as: UTF8.self)
            case .collection(let name):
                "collection/" + String(decoding: name.utf8.prefix(480), as: UTF8.self)
            }
        }
    }

    private struct CompositionText: Codable {
        let name, hash, recipe: String
        let parents: [String]
    }

    private struct CollectionText: Codable {
        let name: String
        let clips: [String]
    }

    var key: Key {
        switch self {
        case .composition(let composition): .composition(composition.name)
        case .collection(let collection): .collection(collection.name)
        }
    }

    /// Describes a document as its rows are; nil if it has none that can be read.
    init?(_ key: Key, _ db: Database) throws {
        switch key {
        case .composition(let name):
            let found = try CompositionRow.fetch(db, where: "name = ?", arguments: [name]).first
            guard let found else { return nil }
            self = .composition(
                NewComposition(
                    name: found.name,
                    hash: found.hash,
                    recipeJSON: found.recipeJSON,
                    parents: found.parents
                )
            )
        case .collection(let name):
            guard let number = try CollectionRow.find(name, db) else { return nil }
            let members = try CollectionRow.members(of: number, db)
            self = .collection(CollectedClips(name: name, clips: members))
        }
    }

    /// Reads a property; nil if it is another one, or not as it was written.
    init?(_ key: String, _ text: String) {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, documentChecksum([String(parts[1])]) == parts[0] else { return nil }
        let json = Data(parts[1].utf8)
        let decoder = JSONDecoder()
        if key.hasPrefix("composition/"),
            let card = try? decoder.decode(CompositionText.self, from: json)
        {
            self = .composition(
                NewComposition(
                    name: card.name,
                    hash: card.hash,
                    recipeJSON: card.recipe,
                    parents: card.parents.compactMap(ClipID.init(hex:))
                )
            )
        } else if key.hasPrefix("collection/"),
            let card = try? decoder.decode(CollectionText.self, from: json)
        {
            self = .collection(
                CollectedClips(name: card.name, clips: card.clips.compactMap(ClipID.init(hex:)))
            )
        } else {
            return nil
        }
    }

    /// The value to store.
    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json =
            switch self {
            case .composition(let composition):
                try encoder.encode(
                    CompositionText(
                        name: composition.name,
                        hash: composition.hash,
                        recipe: composition.recipeJSON,
                        parents: composition.parents.map(\.hex)
                    )
                )
            case .collection(let collection):
                try encoder.encode(
                    CollectionText(name: collection.name, clips: collection.clips.map(\.hex))
                )
            }
        let text = String(decoding: json, as: UTF8.self)
        return "\(documentChecksum([text])) \(text)"
    }
}

extension Library {
    /// Writes the cards of documents as their rows are now, and deletes those of documents that are gone.
    ///
    /// Called under the catalogue's write lock; see `writeCards`.
    func writeCards(of keys: [DocumentCard.Key], _ db: Database) throws {
        var texts: [String: String?] = [:]
        for key in keys { texts[key.text] = .some(try DocumentCard(key, db)?.text()) }
        if !texts.isEmpty { try tensors.setProperties(texts) }
    }
}

extension TensorTransaction {
    /// All cards of documents that are as they were written.
    func documentCards() throws -> [DocumentCard] {
        var cards: [DocumentCard] = []
        try forEachProperty { key, text in
            if let card = DocumentCard(key, text) { cards.append(card) }
        }
        return cards
    }
}
