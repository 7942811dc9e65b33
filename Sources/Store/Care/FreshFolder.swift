import Foundation
import Glibc

/// A folder that a library or backup appears in, complete or not at all.
///
/// Where nothing is, it is made under a hidden name beside its place and renamed. An empty folder that is
/// there is kept, with its mode and whatever is mounted on it: it is filled from a hidden folder inside,
/// `library.json` last, without which no library is there.
final class FreshFolder {
    /// Where it appears.
    let target: String
    /// Where it is made.
    let draft: String
    /// The folder on whose disk it is.
    let place: String

    private let taken: String
    private let isInside: Bool
    private var claims: [LibraryLock] = []
    private var moved: [String] = []
    private var isDone = false

    private static let prefix = ".vsdb-new-"
    /// The parts in the order in which they get their names.
    private static let order = [Library.tensorsName, Library.catalogName, Library.manifestName]

    /// Looks whether the place is free.
    ///
    /// - Parameters:
    ///   - target: A folder that is empty or does not exist; its parent exists.
    ///   - taken: What to say if something is there.
    /// - Throws: `StoreError`: `.alreadyExists`, `.notWritable`.
    init(_ target: String, taken: String) throws {
        (self.target, self.taken) = (target, taken)
        isInside = fileExists(target)
        place = isInside ? target : (target as NSString).deletingLastPathComponent
        draft = place + "/" + Self.prefix + UUID().uuidString.prefix(8).lowercased()
        if isInside {
            guard isFolder(target), try Self.content(of: target) != nil else {
                throw StoreError(.alreadyExists, taken)
            }
        }
    }

    /// Makes the draft; until `finish`, `discard` deletes it.
    ///
    /// - Throws: `StoreError`: `.locked` if another process fills the place, `.alreadyExists` if one did meanwhile,
    ///   `.notWritable`.
    func begin() throws {
        if isInside {
            claims.append(try LibraryLock(target, .turn, waitSeconds: 0, "fill its folder"))
            guard try Self.clear(target) else { throw StoreError(.alreadyExists, taken) }
        }
        try makeFolder(draft)
        claims.append(try LibraryLock(draft, .shared, waitSeconds: 0, "make it"))
    }

    /// Gives everything in the draft, which is on the disk, its place.
    func finish() throws {
        guard isInside else {
            // rename(2) replaces an empty folder and refuses any other.
            guard rename(draft, target) == 0 else {
                guard [ENOTEMPTY, EEXIST, ENOTDIR].contains(errno) else {
                    throw StoreError.system(errno, "make", target)
                }
                throw StoreError(.alreadyExists, taken)
            }
            isDone = true
            try syncFolder(place)
            return
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: draft).sorted()
        let last = Self.order.filter(names.contains)
        for name in names.filter({ !last.contains($0) }) + last {
            if name == Library.manifestName { try syncFolder(target) }
            guard rename(draft + "/" + name, target + "/" + name) == 0 else {
                throw StoreError.system(errno, "make", target + "/" + name)
            }
            moved.append(name)
        }
        isDone = true
        rmdir(draft)
        try syncFolder(target)
    }

    /// Deletes what was made, unless it is finished.
    func discard() {
        guard !isDone else { return }
        for name in moved.reversed() { discardDraft(target + "/" + name) }
        discardDraft(draft)
    }

    /// What processes that fill a folder, or died when they did, have in it, their drafts last; nil if somebody else
    /// has something there.
    private static func content(of folder: String) throws -> (parts: [String], drafts: [String])? {
        // The root of an ext4 disk has such a folder.
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0 != "lost+found" }
        let drafts = names.filter { $0.hasPrefix(prefix) }
        let parts = names.filter { !drafts.contains($0) }
        let known =
            order.dropLast() + [
                Library.catalogName + "-wal", CommitMark.fileName, "packs", "index", "renders",
            ]
        guard parts.isEmpty || !drafts.isEmpty && parts.allSatisfy(known.contains) else {
            return nil
        }
        return (parts, drafts)
    }

    /// Deletes what a process that died left in a folder; false if somebody else has something there.
    private static func clear(_ folder: String) throws -> Bool {
        guard let (parts, drafts) = try content(of: folder) else { return false }
        let claims = try drafts.map { name in
            try LibraryLock(folder + "/" + name, .alone, waitSeconds: 0, "fill its folder")
        }
        defer { withExtendedLifetime(claims) {} }
        // The draft last: without it, the parts would be somebody's.
        for name in parts + drafts { try removeIfThere(folder + "/" + name) }
        return true
    }

    /// Whether a folder is being filled, or its filling died: it has no `library.json` yet.
    static func isUnfinished(_ folder: String) -> Bool {
        guard !fileExists(folder + "/" + Library.manifestName) else { return false }
        // What cannot be listed is not known to be unfinished, and is left alone.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.contains { $0.hasPrefix(prefix) }
    }
}
