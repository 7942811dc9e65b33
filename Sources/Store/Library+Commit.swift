import Foundation
import GRDB
import Synchronization
import Tensors

/// The points of a commit between which a process may die.
package enum CommitStep: Sendable {
    /// The tensors of the group are on the disk, no row is.
    case tensorsStored
    /// The write lock of the catalogue is held, no row is written.
    case catalogLocked
    /// Tensors are complete and rows are written, but not yet committed.
    case rowsWritten
}

extension Library {
    /// The greatest number of clips in one transaction.
    public static let groupLimit = 32

    /// Adds clips, in groups of up to `groupLimit`; each group is stored whole or not at all.
    ///
    /// The order makes sure that no row lacks its tensor after a power cut: first the tensors in
    /// one LMDB transaction, then, under the write lock of the catalogue and with a new LMDB
    /// snapshot, whatever a collector took meanwhile again, then the rows. Locks are always taken
    /// in the order SQLite, LMDB. A crash in between leaves rowless tensors, which the next
    /// attempt uses and `collectGarbage` deletes.
    ///
    /// - Parameter clips: What to add. A clip that the library has already is left as it is.
    /// - Returns: One outcome for each clip, in order; all of them are on the disk.
    /// - Throws: `StoreError`: `.invalidValue`, `.unknownReference` for a pack that is not
    ///   registered, `.noSpace`, `.locked`, `.notWritable`. Groups before the failing one stay.
    public func commit(_ clips: [NewClip]) throws(StoreError) -> [CommittedClip] {
        try commit(clips) { _ in }
    }

    /// Adds clips and reports each step; a step that throws stands for a crash there.
    package func commit(
        _ clips: [NewClip],
        onStep: (CommitStep) throws -> Void
    ) throws(StoreError) -> [CommittedClip] {
        try catalog.refuseOlder()
        try settleNotes()
        for clip in clips { try clip.validate() }
        var outcomes: [CommittedClip] = []
        for start in stride(from: 0, to: clips.count, by: Self.groupLimit) {
            var group: [PendingClip] = []
            for clip in clips[start..<min(start + Self.groupLimit, clips.count)] {
                group.append(try PendingClip(clip))
            }
            outcomes += try commit(group: group, onStep)
        }
        return outcomes
    }

    private func commit(
        group: [PendingClip],
        _ onStep: (CommitStep) throws -> Void
    ) throws(StoreError) -> [CommittedClip] {
        let (known, commitCount) = try reading("look up clips") { db in
            (
                try group.map { try ClipRow.name(of: $0.id, db) },
                try CommitCount.stand(db).madeCount
            )
        }
        let fresh = zip(group, known).filter { $0.1 == nil }.map(\.0)
        let note = RowlessNote.adding(after: commitCount)
        if !fresh.isEmpty {
            let records = fresh.flatMap(\.records)
            try checkSpace(for: records.reduce(0) { $0 + $1.byteCount })
            do {
                let settled = added.withLock { $0 }
                try tensors.put(records, replacing: false) { transaction in
                    for clip in fresh {
                        try transaction.noteAdding(note, of: clip.id, after: commitCount)
                    }
                    try transaction.takeBack(settled)
                }
                added.withLock { notes in
                    for clip in settled.keys { notes[clip] = nil }
                }
                try onStep(.tensorsStored)
            } catch { throw StoreError(error, "store tensors", path) }
        }
        let outcomes = try writing("add clips") { db in
            try onStep(.catalogLocked)
            var outcomes: [CommittedClip] = []
            for clip in group {
                if let name = try ClipRow.name(of: clip.id, db) {
                    outcomes.append(CommittedClip(id: clip.id, name: name, isNew: false))
                    continue
                }
                try restore(clip, note, after: commitCount)
                let name = try ClipRow.insert(clip, db)
                outcomes.append(CommittedClip(id: clip.id, name: name, isNew: true))
            }
            try onStep(.rowsWritten)
            return outcomes
        }
        added.withLock { notes in
            // One that somebody else added meanwhile has its row, too.
            for clip in fresh { notes[clip.id] = note }
        }
        return outcomes
    }

    /// Takes back, once in the life of this process, notes that hide a loss or could.
    func settleNotes() throws(StoreError) {
        guard !hasSettled.load(ordering: .relaxed) else { return }
        do { try Self.settleNotes(catalog, tensors) } catch {
            let error = StoreError(error, "write tensors", path)
            // The next process takes them back.
            guard error.kind == .noSpace else { throw error }
        }
        // Not before: a commit without it would make notes of lost clips look known.
        hasSettled.store(true, ordering: .relaxed)
    }

    /// Takes back what processes that died noted of clips that have rows, and what an older catalogue does not know, before
    /// its next commits look like those that the notes tell of.
    ///
    /// Under the write lock: what somebody is removing is noted before it is committed, and looks as if a process
    /// had died there.
    static func settleNotes(_ catalog: Catalog, _ tensors: TensorStore) throws {
        func settled(_ db: Database) throws -> [ClipID: String] {
            let commitCount = try CommitCount.stand(db).madeCount
            return try tensors.read { try $0.rowlessNotes() }.filter { clip, text in
                try !RowlessNote.isKnown(text, to: commitCount)
                    || ClipRow.name(of: clip, db) != nil
            }
        }
        // Most have nothing to take back, and need not wait.
        guard try !catalog.read(settled).isEmpty else { return }
        try catalog.write { try tensors.takeBack(settled($0)) }
    }

    /// Whether the library holds a clip.
    ///
    /// - Throws: `StoreError`.
    public func hasClip(_ id: ClipID) throws(StoreError) -> Bool {
        try reading("look up clip \(id)") { try ClipRow.name(of: id, $0) != nil }
    }

    /// Writes the records of a rowless clip that are gone, or differ, and deletes those that it no longer has.
    ///
    /// Records that differ were left by a commit that died or by a removed clip, perhaps of a machine that rounds
    /// otherwise. Nothing refers to them, and the write lock keeps it so: whoever put them finds
    /// our row when its turn comes.
    private func restore(_ clip: PendingClip, _ note: String, after commitCount: Int) throws {
        let (lacking, others) = try tensors.difference(of: clip.id, to: clip.records)
        guard !lacking.isEmpty || !others.isEmpty else { return }
        try tensors.put(lacking, replacing: true) { transaction in
            try transaction.noteAdding(note, of: clip.id, after: commitCount)
            for key in others { try transaction.delete(key) }
        }
    }

    /// A full disk in the middle of a commit is safe, but its error is hard to understand.
    private func checkSpace(for byteCount: Int) throws(StoreError) {
        // Copied tree pages, the write-ahead log and its checkpoint.
        let needed = byteCount + byteCount / 4 + (8 << 20)
        guard freeByteCount(path) >= needed else {
            throw StoreError.diskFull(path, needed: needed)
        }
    }
}

/// A checked clip with its id and records.
struct PendingClip {
    let id: ClipID
    let clip: NewClip
    /// Those of its assets, in their order, and then its card.
    let records: [TensorRecord]

    /// - Throws: `StoreError`, `.invalidValue` for a clip that `validate` refuses.
    init(_ clip: NewClip) throws(StoreError) {
        let id = clip.id
        self.id = id
        self.clip = clip
        let records = clip.assets.map { asset in
            TensorRecord(key: TensorKey(clip: id, kind: asset.kind), tensor: asset.tensor)
        }
        do { self.records = try records + [ClipCard(clip).record(of: id)] } catch {
            throw StoreError(.invalidValue, "clip \"\(clip.name)\": cannot be described: \(error)")
        }
    }
}
