import Foundation
import GRDB
import Tensors

/// Why a clip whose tensors are stored may have no row: it is being added, or it was removed.
///
/// A property of the tensor store, `rowless/CLIP`, as in `removed 17 UUID`. It is written with the tensors, before the
/// row, and again when the row goes; once the row is there it means nothing, and goes with the next write. A clip with
/// a card, without a row and without a note lost its row, as with an older catalogue that was put in the place of a
/// newer one: no collector deletes it, and repair writes it again. So it does where the note tells of a commit that the
/// catalogue did not make: then that is older than the note.
enum RowlessNote {
    fileprivate static let prefix = "rowless/"

    /// That a clip was removed; no two removals have the same text.
    ///
    /// - Parameter commit: Which commit removed it; 0 if the catalogue need not know.
    /// - Returns: The text of the note.
    static func removed(by commit: Int = 0) -> String { text("removed", commit) }

    /// That a command is adding a clip, or died while it did; no two commits have the same text.
    ///
    /// - Parameter commit: The last commit before.
    /// - Returns: The text of the note.
    static func adding(after commit: Int) -> String { text("adding", commit) }

    private static func text(_ word: String, _ commit: Int) -> String {
        "\(word) \(commit) \(UUID().uuidString.lowercased())"
    }

    /// Whether a catalogue that made some number of commits is not older than a note.
    static func isKnown(_ text: String, to commitCount: Int) -> Bool {
        let words = text.split(separator: " ")
        return words.count == 3 && Int(words[1]).map { $0 <= commitCount } ?? false
    }

    /// Whether a note says that a clip was removed.
    static func isRemoval(_ text: String) -> Bool { text.hasPrefix("removed ") }

    static func key(_ id: ClipID) -> String { prefix + id.hex }

    /// The clip that a property is about; nil if it is none of these.
    static func clip(_ key: String) -> ClipID? {
        key.hasPrefix(prefix) ? ClipID(hex: String(key.dropFirst(prefix.count))) : nil
    }
}

extension TensorTransaction {
    /// The notes of clips that may have no row.
    func rowlessNotes() throws -> [ClipID: String] {
        var notes: [ClipID: String] = [:]
        try forEachProperty(from: RowlessNote.prefix) { key, text in
            if let clip = RowlessNote.clip(key) { notes[clip] = text }
        }
        return notes
    }

    /// Whether a clip is there, with a row or without.
    fileprivate func hasCard(of clip: ClipID) throws -> Bool {
        try withValue(TensorKey(cardOf: clip)) { _ in true } == true
    }

    /// Notes that a clip is being added, unless it is there and lost its row: that it did must stay known.
    func noteAdding(_ text: String, of clip: ClipID, after commitCount: Int) throws {
        let isThere = try hasCard(of: clip)
        let old = try property(RowlessNote.key(clip))
        let isGarbage = old.map { RowlessNote.isKnown($0, to: commitCount) } ?? false
        if !isThere || isGarbage { try setRowlessNote(text, of: clip) }
    }

    /// Notes why a clip has no row, or that it has one.
    func setRowlessNote(_ text: String?, of clip: ClipID) throws {
        if let text {
            try setProperty(RowlessNote.key(clip), text)
        } else {
            try deleteProperty(RowlessNote.key(clip))
        }
    }

    /// Takes back notes that still say what they said: others may have removed the clips meanwhile.
    func takeBack(_ notes: [ClipID: String]) throws {
        for (clip, text) in notes where try property(RowlessNote.key(clip)) == text {
            try deleteProperty(RowlessNote.key(clip))
        }
    }
}

/// What the tensors hold of clips that have no row, in one snapshot of each store.
///
/// Of a clip with a row, or with a row of an asset alone, everything is kept: what lacks was lost, and
/// `repair` writes it again from what lies there.
struct Rowless {
    /// Tensors that nobody needs.
    var keys: [TensorKey] = []
    /// Cards of clips that are gone; not counted, being no tensors.
    var cards: [TensorKey] = []
    /// Bytes of the tensors.
    var byteCount = 0
    /// Clips whose rows were lost.
    var lost: [ClipID] = []
    /// Clips that have a row and a note all the same.
    var settled: [ClipID] = []

    init(_ store: TensorStore, _ db: Database) throws {
        let traces = try ClipTraces(db)
        let commitCount = try CommitCount.stand(db).madeCount
        try store.read { snapshot in
            let notes = try snapshot.rowlessNotes()
            // Keys of one clip follow each other, that of the card first.
            var clip: [UInt8] = []
            var isKept = false
            try snapshot.forEachKey { bytes, byteCount in
                guard let key = TensorKey(bytes) else { return }
                if !key.bytes.starts(with: clip) || clip.isEmpty {
                    clip = Array(key.bytes.prefix(32))
                    isKept = try traces.has(clipOf: key)
                    if let id = key.clip {
                        if isKept, notes[id] != nil { settled.append(id) }
                        let isGarbage = notes[id].map { RowlessNote.isKnown($0, to: commitCount) }
                        if !isKept, key.isCard, isGarbage != true {
                            isKept = true
                            lost.append(id)
                        }
                    }
                }
                guard !isKept else { return }
                if key.isCard {
                    cards.append(key)
                } else {
                    keys.append(key)
                    self.byteCount += byteCount
                }
            }
        }
    }

    /// Leaves out what others committed, removed or collected between the two snapshots.
    mutating func confirmLost(_ catalog: Catalog, _ store: TensorStore) throws {
        // What happens between the snapshots of one round is seen by the next.
        for _ in 0..<2 where !lost.isEmpty {
            let candidates = lost
            let rowless = try catalog.read { db in
                let traces = try ClipTraces(db)
                return try candidates.filter { try !traces.has(clipOf: TensorKey(cardOf: $0)) }
            }
            let notes = try store.read { snapshot in
                let notes = try snapshot.rowlessNotes()
                return try rowless.filter { try snapshot.hasCard(of: $0) }.map { ($0, notes[$0]) }
            }
            let commitCount = try catalog.read(CommitCount.stand).madeCount
            lost = notes.filter { _, note in
                note.map { !RowlessNote.isKnown($0, to: commitCount) } ?? true
            }.map(\.0)
        }
    }

    func report(isDryRun: Bool) -> CollectionReport {
        CollectionReport(tensorCount: keys.count, byteCount: byteCount, isDryRun: isDryRun)
    }

    /// What to say of the clips whose rows were lost; nil if there are none.
    func fault(_ library: String) -> String? {
        guard !lost.isEmpty else { return nil }
        return
            "library \"\(library)\": \(lost.count.counted("clip")) \(lost.count == 1 ? "has" : "have") tensors and no row, "
            + "and nothing removed \(lost.count == 1 ? "it" : "them"): the catalogue is older than the tensors; vsdb repair "
            + "writes the rows again, and until then no tensor is deleted"
    }
}

/// Tells clips that the catalogue knows, whatever rows of them were lost, from those that are gone.
struct ClipTraces {
    private let clip: Statement
    private let asset: Statement

    init(_ db: Database) throws {
        clip = try db.cachedStatement(sql: "SELECT 1 FROM clips WHERE identity = ?")
        asset = try db.cachedStatement(
            sql: "SELECT 1 FROM assets WHERE tensor_key BETWEEN ? AND ? LIMIT 1"
        )
    }

    /// Whether the clip that a record belongs to has a row, or an asset of it has one.
    func has(clipOf key: TensorKey) throws -> Bool {
        if try Int.fetchOne(clip, arguments: [key.clip?.hex]) != nil { return true }
        let first = Data(key.bytes.prefix(32))
        let last = first + Data([0xFF, 0xFF])
        return try Int.fetchOne(asset, arguments: [first, last]) != nil
    }
}
