import Foundation
import GRDB

/// What compacting did.
public struct CompactReport: Sendable, Equatable {
    /// Bytes on the disk of catalogue and tensors before.
    public let byteCountBefore: Int
    /// Bytes on the disk of catalogue and tensors after.
    public let byteCountAfter: Int
    /// As `Library.warning`.
    public let warning: String?
}

extension Library {
    /// The points of compacting between which a process may die.
    package enum CompactStep: String, Sendable, CaseIterable {
        case tensorsCopied, copyChecked, tensorsReplaced, catalogCompacted
    }

    /// Writes both files anew without the room of what was deleted, while nobody else uses the library.
    ///
    /// The tensors are copied, the copy is checked page by page, and it takes the place of the old file
    /// in one step: a crash leaves the old file or the new one, and at most a draft that
    /// `collectGarbage` deletes.
    ///
    /// - Parameters:
    ///   - path: The library's folder; this process has it not open.
    ///   - waitSeconds: How long to wait for other processes to end.
    ///   - shouldStop: Asked all the time until the copy takes the old file's place.
    /// - Returns: The sizes before and after.
    /// - Throws: `StoreError`: `.locked` naming who uses it, `.noSpace`, `.damaged`, `.olderFormat`,
    ///   `.interrupted`.
    public static func compact(
        at path: String,
        waitSeconds: Double = 10,
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) throws(StoreError) -> CompactReport {
        try compact(at: path, waitSeconds: waitSeconds, shouldStop: shouldStop) { _ in }
    }

    /// Compacts and reports each step; a step that throws stands for a crash there.
    package static func compact(
        at path: String,
        waitSeconds: Double,
        shouldStop: @escaping @Sendable () -> Bool = { false },
        onStep: (CompactStep) throws -> Void
    ) throws(StoreError) -> CompactReport {
        let path = absolute(path)
        do {
            let stop = StopRequest(ask: shouldStop)
            let (alone, manifest) = try claimAlone(path, waitSeconds, "compact it", stop)
            defer { withExtendedLifetime(alone) {} }
            let files = [catalogName, tensorsName + "/data.mdb"].map { path + "/" + $0 }
            func byteCount() -> Int { files.reduce(0) { $0 + diskByteCount($1) } }
            let before = byteCount()
            guard freeByteCount(path) >= before else {
                throw StoreError.diskFull(path, needed: before)
            }
            let catalog = try Catalog(path: files[0], waitSeconds: waitSeconds, isFrozen: false)
            try catalog.refuseOlder()
            try {
                let tensors = try TensorStore(folder: path + "/" + tensorsName, isFrozen: false)
                try refuseStrangers(path, manifest.uuid, catalog, tensors)
                try settleNotes(catalog, tensors)
            }()
            try compactTensors(path + "/" + tensorsName, stop, onStep)
            try onStep(.tensorsReplaced)
            let warning = try catalog.loss()?.description(path)
            try catalog.vacuum()
            try catalog.close()
            try onStep(.catalogCompacted)
            return CompactReport(
                byteCountBefore: before,
                byteCountAfter: byteCount(),
                warning: warning
            )
        } catch { throw StoreError(error, "compact it", path) }
    }

    private static func compactTensors(
        _ folder: String,
        _ stop: StopRequest,
        _ onStep: (CompactStep) throws -> Void
    ) throws {
        let draft = folder + "/" + compactDraftName
        try removeIfThere(draft)
        defer { discardDraft(draft) }
        try makeFolder(draft)
        let count = try {
            let store = try TensorStore(folder: folder, isFrozen: false)
            try store.copy(to: draft, stop)
            var count = 0
            try store.read { try $0.forEachKey { _, _ in count += 1 } }
            return count
        }()
        try onStep(.tensorsCopied)
        try stop.check()
        let copy = draft + "/data.mdb"
        try TensorFileCheck.run(copy)
        guard let audit = try TensorFileAudit(path: copy, transaction: nil), audit.faults.isEmpty,
            audit.records.count == count
        else {
            throw StoreError(
                .damaged,
                "tensors \"\(folder)/data.mdb\": cannot be copied whole, and stay as they are; see "
                    + "what is wrong with vsdb check"
            )
        }
        try onStep(.copyChecked)
        try stop.check()
        try replaceFile(folder + "/data.mdb", by: copy)
    }

    /// The folder beside data.mdb where its copy is made.
    static let compactDraftName = ".compacting"

    /// Waits until nobody else has the library open, and keeps everybody out.
    static func claimAlone(
        _ path: String,
        _ waitSeconds: Double,
        _ doing: String,
        _ stop: StopRequest = StopRequest()
    ) throws(StoreError) -> (lock: LibraryLock, manifest: LibraryManifest) {
        let manifest = path + "/" + manifestName
        guard fileExists(manifest) else { throw missingManifest(at: path) }
        if let part = unwritablePart(ofLibrary: path) {
            throw StoreError(
                .notWritable,
                "library \"\(path)\": cannot \(doing), as you may not write \"\(part)\"; give yourself the right, "
                    + "or ask its owner"
            )
        }
        let alone = try LibraryLock(manifest, .alone, waitSeconds: waitSeconds, doing, stop)
        // Of a newer vsdb, or none: nothing of it is to be changed.
        return (alone, try LibraryManifest(path: manifest))
    }
}
