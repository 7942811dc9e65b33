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
    /// copy has the same UUID: to restore, put it in the place of the library.
    ///
    /// - Parameter target: A folder that is empty or does not exist; its parent exists.
    /// - Returns: What the copy holds.
    /// - Throws: `StoreError`: `.alreadyExists`, `.noSpace`, `.notWritable`, `.locked` if `vsdb gc`
    ///   takes too long; then nothing is left at the target.
    public func backUp(to target: String) throws(StoreError) -> BackupReport {
        try backUp(to: target) { _ in }
    }

    /// The points of a backup between which a process may die.
    package enum BackupStep: String, Sendable, CaseIterable {
        case catalogCopied, tensorsCopied, packsCopied, draftComplete
    }

    /// Copies and reports each step; a step that throws stands for a crash there.
    package func backUp(
        to target: String,
        onStep: (BackupStep) throws -> Void
    ) throws(StoreError) -> BackupReport {
        let target = Self.absolute(target)
        guard !(target + "/").hasPrefix(path + "/") else {
            throw StoreError(
                .invalidValue,
                "backup \"\(target)\": lies inside of the library; choose a place outside"
            )
        }
        let parent = (target as NSString).deletingLastPathComponent
        let draft = parent + "/.vsdb-new-" + UUID().uuidString.prefix(8).lowercased()
        do {
            let isFree =
                try !fileExists(target)
                || isFolder(target)
                    && FileManager.default.contentsOfDirectory(atPath: target).isEmpty
            guard isFree else {
                throw StoreError(
                    .alreadyExists,
                    "backup \"\(target)\": something is there already; choose another folder, a new "
                        + "one for each backup"
                )
            }
            let keep = try LibraryLock(
                tensors.folder,
                .shared,
                waitSeconds: waitSeconds,
                "back it up"
            )
            defer { withExtendedLifetime(keep) {} }
            let needed =
                diskByteCount(catalog.path) + diskByteCount(tensors.folder + "/data.mdb")
                + treeByteCount(packsDirectory)
            guard freeByteCount(parent) >= needed else {
                throw StoreError.diskFull(parent, needed: needed)
            }
            Leftovers.deleteDrafts(in: parent)
            defer { discardDraft(draft) }
            try fillDraft(draft, onStep)
            guard rename(draft, target) == 0 else { throw StoreError.system(errno, "make", target) }
            try syncFolder(parent)
            return BackupReport(
                path: target,
                clipCount: try DatabaseQueue(path: target + "/" + Self.catalogName).read {
                    try Int.fetchOne($0, sql: "SELECT count(*) FROM clips") ?? 0
                },
                byteCount: treeByteCount(target)
            )
        } catch { throw StoreError(error, "back it up", path) }
    }

    private func fillDraft(_ draft: String, _ onStep: (BackupStep) throws -> Void) throws {
        try makeFolder(draft)
        let claim = try LibraryLock(draft, .shared, waitSeconds: waitSeconds, "back it up")
        defer { withExtendedLifetime(claim) {} }
        for name in ["index", "renders", Self.tensorsName] { try makeFolder(draft + "/" + name) }
        try catalog.backUp(to: draft + "/" + Self.catalogName)
        try onStep(.catalogCopied)
        try tensors.copy(to: draft + "/" + Self.tensorsName)
        try onStep(.tensorsCopied)
        try makeFolder(draft + "/packs")
        for name in try FileManager.default.contentsOfDirectory(atPath: packsDirectory)
        where !name.hasPrefix(".") {
            // What a link leads to: the copy has to stand by itself.
            let pack = URL(fileURLWithPath: packsDirectory + "/" + name).resolvingSymlinksInPath()
            try FileManager.default.copyItem(atPath: pack.path, toPath: draft + "/packs/" + name)
        }
        try onStep(.packsCopied)
        try FileManager.default.copyItem(
            atPath: path + "/" + Self.manifestName,
            toPath: draft + "/" + Self.manifestName
        )
        try syncTree(draft)
        try onStep(.draftComplete)
    }
}
