import Foundation
import GRDB

/// What a backup holds.
public struct BackupReport: Sendable, Equatable {
    /// Its folder, a library as it stands.
    public let path: String
    /// How many clips are in it.
    public let clipCount: Int
    /// Its size in bytes, the packs included.
    public let byteCount: Int
}

extension Library {
    /// Copies the library as it is at one moment, while others read and write.
    ///
    /// The collector is kept away, then the catalogue's snapshot is copied, then the tensors': what a
    /// copied row names was stored before the row and is not deleted meanwhile. The other order would
    /// lack the tensors of clips added in between. Search segments are derived and stay behind. The
    /// copy has the same UUID: to restore, put it in the place of the library. Copied over one instead, it
    /// brings what must not stay of that: a count of commits, an empty log, and an epoch of its own, as
    /// numbers of assets are given again.
    ///
    /// - Parameters:
    ///   - target: A folder that is empty or does not exist; its parent exists.
    ///   - shouldStop: Asked all the time; once true, nothing is left at the target.
    /// - Returns: What the copy holds.
    /// - Throws: `StoreError`: `.alreadyExists`, `.noSpace`, `.notWritable`, `.interrupted`, `.locked` if
    ///   `vsdb gc` takes too long; then nothing is left at the target.
    public func backUp(
        to target: String,
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) throws(StoreError) -> BackupReport {
        try backUp(to: target, shouldStop: shouldStop) { _ in }
    }

    /// The points of a backup between which a process may die.
    package enum BackupStep: String, Sendable, CaseIterable {
        case catalogCopied, tensorsCopied, packsCopied, draftComplete
    }

    /// Copies and reports each step; a step that throws stands for a crash there.
    package func backUp(
        to target: String,
        shouldStop: @escaping @Sendable () -> Bool = { false },
        onStep: (BackupStep) throws -> Void
    ) throws(StoreError) -> BackupReport {
        let target = Self.absolute(target)
        guard !holds(target) else {
            throw StoreError(
                .invalidValue,
                "backup \"\(target)\": lies inside of the library; choose a place outside"
            )
        }
        do {
            let fresh = try FreshFolder(
                target,
                taken:
                    "backup \"\(target)\": something is there already; choose another folder, a new "
                    + "one for each backup"
            )
            let stop = StopRequest(ask: shouldStop)
            let keep = try LibraryLock(
                tensors.folder,
                .shared,
                waitSeconds: waitSeconds,
                "back it up",
                stop
            )
            defer { withExtendedLifetime(keep) {} }
            let needed =
                diskByteCount(catalog.path) + diskByteCount(tensors.folder + "/data.mdb")
                + treeByteCount(packsDirectory)
            guard freeByteCount(fresh.place) >= needed else {
                throw StoreError.diskFull(fresh.place, needed: needed)
            }
            Leftovers.deleteDrafts(in: fresh.place)
            defer { fresh.discard() }
            try fresh.begin()
            let count = try fill(fresh.draft, stop, onStep)
            try fresh.finish()
            return BackupReport(
                path: target,
                clipCount: count,
                byteCount: treeByteCount(target)
            )
        } catch { throw StoreError(error, "back it up", path) }
    }

    /// Whether a path lies in the library's folder, whatever links lead there.
    public func holds(_ path: String) -> Bool {
        let folder = URL(fileURLWithPath: self.path).resolvingSymlinksInPath().path
        var place = Self.absolute(path)
        // What is not there yet lies where its parent does.
        while !fileExists(place), place.count > 1 {
            place = (place as NSString).deletingLastPathComponent
        }
        let resolved = URL(fileURLWithPath: place).resolvingSymlinksInPath().path
        return (resolved + "/").hasPrefix(folder + "/")
    }

    /// - Returns: How many clips are in the copy.
    private func copyCatalog(to copy: String) throws -> Int {
        // Read before the catalogue is copied: whatever is noted was committed by then.
        let marked = CommitMark(ofCatalog: catalog.path).count
        try catalog.backUp(to: copy)
        let queue = try DatabaseQueue(path: copy)
        let (count, clipCount) = try queue.write { db in
            try CommitCount.beginCopy(db)
            return (
                try CommitCount.count(db),
                try Int.fetchOne(db, sql: "SELECT count(*) FROM clips") ?? 0
            )
        }
        try queue.close()
        // A loss that could not be written into the library is noticed in the copy, too.
        let noted = max(count, try catalog.loss() == nil ? 0 : marked ?? 0)
        let mark = CommitMark(ofCatalog: copy)
        mark.note(noted)
        guard noted == 0 || mark.count == noted else {
            throw StoreError(
                .failed,
                "backup \"\(copy)\": \(CommitMark.fileName) cannot be written; choose another disk"
            )
        }
        try writeDurably(Data(), to: copy + "-wal")
        return clipCount
    }

    /// Notes of clips that came between the copies that their tensors have no row in this one.
    ///
    /// - Returns: Whether its rows name the tensors that were copied: clips may have been removed meanwhile, and have
    ///   come back with other numbers.
    private func noteLater(_ draft: String) throws -> Bool {
        func clips(_ db: Database) throws -> Set<String> {
            try String.fetchSet(db, sql: "SELECT identity FROM clips")
        }
        let (now, named) = try catalog.read { (try clips($0), try NamedRecord.all($0)) }
        // Its empty log is to stay, which a writer that closes would delete.
        let queue = try Catalog.openImmutable(draft + "/" + Self.catalogName)
        let (copied, wanted) = try queue.read { (try clips($0), try NamedRecord.all($0)) }
        try queue.close()
        let folder = draft + "/" + Self.tensorsName
        let isOfOneMoment = try {
            let copy = try TensorStore(folder: folder, isFrozen: false)
            let changed = wanted.subtracting(named)
            guard
                try copy.read({ snapshot in try changed.allSatisfy { try $0.lies(in: snapshot) } })
            else { return false }
            // When its tensors were copied, such a clip had a note or a row; a row it has still, or was removed, and
            // may have come back.
            let noted = try [copy, tensors].flatMap { try $0.read { try $0.rowlessNotes() }.keys }
            let later = now.union(noted.map(\.hex)).union(try catalog.read(clips))
                .subtracting(copied)
            try copy.setRowlessNotes(RowlessNote.removed(), of: later.compactMap(ClipID.init(hex:)))
            return true
        }()
        try removeIfThere(folder + "/lock.mdb")
        try syncFile(folder + "/data.mdb")
        return isOfOneMoment
    }

    /// Copies catalogue and tensors, anew if clips were replaced between the two.
    ///
    /// - Returns: How many clips are in the copy.
    private func copyStores(
        to draft: String,
        _ stop: StopRequest,
        _ onStep: (BackupStep) throws -> Void
    ) throws -> Int {
        for _ in 0..<3 {
            try makeFolder(draft + "/" + Self.tensorsName)
            let count = try copyCatalog(to: draft + "/" + Self.catalogName)
            try onStep(.catalogCopied)
            try stop.check()
            try tensors.copy(to: draft + "/" + Self.tensorsName, stop)
            if try noteLater(draft) { return count }
            for name in [
                Self.tensorsName, Self.catalogName, Self.catalogName + "-wal", CommitMark.fileName,
            ] {
                try removeIfThere(draft + "/" + name)
            }
        }
        throw StoreError(
            .busy,
            "library \"\(path)\": clips are removed and added again faster than they can be copied; try again "
                + "when that is done"
        )
    }

    private func fill(
        _ draft: String,
        _ stop: StopRequest,
        _ onStep: (BackupStep) throws -> Void
    ) throws -> Int {
        for name in ["index", "renders"] { try makeFolder(draft + "/" + name) }
        let count = try copyStores(to: draft, stop, onStep)
        try onStep(.tensorsCopied)
        try makeFolder(draft + "/packs")
        for name in try FileManager.default.contentsOfDirectory(atPath: packsDirectory)
        where !name.hasPrefix(".") {
            // What a link leads to: the copy has to stand by itself.
            let pack = URL(fileURLWithPath: packsDirectory + "/" + name).resolvingSymlinksInPath()
            try copyTree(pack.path, to: draft + "/packs/" + name, stop)
        }
        try onStep(.packsCopied)
        try copyFile(path + "/" + Self.manifestName, to: draft + "/" + Self.manifestName, stop)
        try stop.check()
        try syncTree(draft)
        try onStep(.draftComplete)
        return count
    }
}

/// A record as a row of an asset names it.
private struct NamedRecord: Hashable {
    let key: Data
    let checksum: String

    /// Those that the rows of a catalogue name; a damaged row is copied as it is.
    static func all(_ db: Database) throws -> Set<NamedRecord> {
        let rows = try Row.fetchCursor(db, sql: "SELECT tensor_key, checksum FROM assets")
        var records: Set<NamedRecord> = []
        while let row = try rows.next() {
            guard let key: Data = try? row.at(0), let checksum: String = try? row.at(1) else {
                continue
            }
            records.insert(NamedRecord(key: key, checksum: checksum))
        }
        return records
    }

    /// Whether it is what a snapshot holds.
    func lies(in snapshot: TensorTransaction) throws -> Bool {
        guard let key = TensorKey(key) else { return true }
        // One that cannot be read is not the one.
        return try snapshot.withValue(key) { (try? TensorHeader($0).checksumText) == checksum }
            == true
    }
}
