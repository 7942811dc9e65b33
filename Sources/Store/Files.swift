package import Foundation
import Glibc

/// Which file a path leads to, whatever the path.
package struct FileIdentity: Hashable {
    let device: UInt64
    let inode: UInt64

    package init?(_ path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        device = UInt64(facts.st_dev)
        inode = UInt64(facts.st_ino)
    }

    /// As Linux prints the device: makedev(3).
    var deviceNumbers: (major: Int, minor: Int) {
        (
            Int(device >> 8 & 0xFFF | device >> 32 & ~0xFFF),
            Int(device & 0xFF | device >> 12 & 0xFFF_FF00)
        )
    }
}

/// The length of a file in bytes; 0 if there is none.
package func fileByteCount(_ path: String) -> Int {
    var facts = stat()
    return stat(path, &facts) == 0 ? Int(facts.st_size) : 0
}

/// The bytes that a file fills on the disk, without holes; 0 if there is none.
func diskByteCount(_ path: String) -> Int {
    var facts = stat()
    return stat(path, &facts) == 0 ? Int(facts.st_blocks) * 512 : 0
}

/// The bytes that an ordinary user may still write near a path.
func freeByteCount(_ path: String) -> Int {
    var facts = statvfs()
    var place = path
    while statvfs(place, &facts) != 0 {
        let parent = (place as NSString).deletingLastPathComponent
        guard parent != place, !parent.isEmpty else { return .max }
        place = parent
    }
    let (bytes, overflow) = UInt64(facts.f_bavail)
        .multipliedReportingOverflow(by: UInt64(facts.f_frsize))
    return overflow ? .max : Int(clamping: bytes)
}

/// Whether nobody can write at a path, whatever their rights.
func isReadOnlyDisk(_ path: String) -> Bool {
    var facts = statvfs()
    return statvfs(path, &facts) == 0 && facts.f_flag & UInt(ST_RDONLY) != 0
}

/// Whether this process cannot write at a path, on a read-only disk or for lack of rights.
func cannotWrite(_ path: String) -> Bool {
    // In one look: SQLite deletes its log when the last process closes.
    isReadOnlyDisk(path) || access(path, W_OK) != 0 && errno != ENOENT && errno != ENOTDIR
}

/// What of a library this process cannot write, its folder or one of its files; nil if it can write all.
func unwritablePart(ofLibrary path: String) -> String? {
    let tensors = "/" + Library.tensorsName
    let parts = [
        "", "/" + Library.catalogName, "/" + Library.catalogName + "-wal", tensors,
        tensors + "/data.mdb", tensors + "/lock.mdb",
    ]
    return parts.map { path + $0 }.first(where: cannotWrite)
}

package func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Deletes a file or folder that may be there, and that must not be there afterwards.
func removeIfThere(_ path: String) throws {
    do { try FileManager.default.removeItem(atPath: path) } catch {
        guard fileExists(path) else { return }
        throw error
    }
}

/// Deletes a draft of which nothing is needed; one that resists is collected with `Leftovers`.
func discardDraft(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

/// Whether a path leads to an ordinary file.
func isRegularFile(_ path: String) -> Bool {
    var facts = stat()
    return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
}

/// Whether a path leads to a folder.
func isFolder(_ path: String) -> Bool {
    var facts = stat()
    return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
}

func makeFolder(_ path: String) throws(StoreError) {
    guard mkdir(path, 0o755) == 0 else {
        let code = errno
        guard code == ENOENT else { throw StoreError.system(code, "make the folder", path) }
        let parent = (path as NSString).deletingLastPathComponent
        throw StoreError(
            .failed,
            "library: cannot make the folder \"\(path)\": there is no \"\(parent)\"; make that first"
        )
    }
}

/// Makes the bytes of a file survive a power cut.
package func syncFile(_ path: String) throws(StoreError) {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw StoreError.system(errno, "open", path) }
    defer { close(file) }
    guard fsync(file) == 0 else { throw StoreError.system(errno, "sync", path) }
}

/// Makes all files and names below a folder survive a power cut.
package func syncTree(_ path: String) throws {
    let names = try FileManager.default.subpathsOfDirectory(atPath: path)
    for name in names {
        var facts = stat()
        guard lstat(path + "/" + name, &facts) == 0 else { continue }
        switch facts.st_mode & S_IFMT {
        case S_IFDIR: try syncFolder(path + "/" + name)
        case S_IFREG: try syncFile(path + "/" + name)
        default: continue
        }
    }
    try syncFolder(path)
}

/// The bytes of all files below a folder.
package func treeByteCount(_ path: String) -> Int {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
    return names.reduce(0) { sum, name in
        var facts = stat()
        guard lstat(path + "/" + name, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            return sum
        }
        return sum + Int(facts.st_size)
    }
}

/// Puts a file in the place of another in one step, and makes that survive a power cut.
package func replaceFile(_ path: String, by draft: String) throws(StoreError) {
    guard rename(draft, path) == 0 else { throw StoreError.system(errno, "replace", path) }
    try syncFolder((path as NSString).deletingLastPathComponent)
}

/// Makes the names in a folder survive a power cut.
package func syncFolder(_ path: String) throws(StoreError) {
    let file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { throw StoreError.system(errno, "open the folder", path) }
    defer { close(file) }
    guard fsync(file) == 0 else { throw StoreError.system(errno, "sync the folder", path) }
}

/// Writes a new file and makes its bytes survive a power cut; its name needs `syncFolder`.
package func writeDurably(_ bytes: Data, to path: String) throws(StoreError) {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw StoreError.system(errno, "create", path) }
    defer { close(file) }
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw StoreError.system(errno, "write", path) }
        rest = rest.dropFirst(count)
    }
    guard fsync(file) == 0 else { throw StoreError.system(errno, "sync", path) }
}

extension StoreError {
    /// What a failed system call means.
    static func system(_ code: Int32, _ doing: String, _ path: String) -> StoreError {
        let text = String(cString: strerror(code))
        switch code {
        case ENOSPC, EDQUOT: return diskFull(path, needed: nil)
        case EACCES, EPERM, EROFS:
            // What exists and may not be read is not to be put elsewhere.
            let isUnreadable = fileExists(path) && access(path, R_OK) != 0
            return StoreError(
                .notWritable,
                "library: cannot \(doing) \"\(path)\": \(text); "
                    + (isUnreadable
                        ? "give yourself the right to read it, or ask its owner"
                        : "choose a place where you may write")
            )
        case EIO:
            return StoreError(
                .failed,
                "library: cannot \(doing) \"\(path)\": \(text); \(failingDisk)"
            )
        default: return StoreError(.failed, "library: cannot \(doing) \"\(path)\": \(text)")
        }
    }

    /// What to do where a disk does not give or take bytes.
    static let failingDisk =
        "the disk may fail, or was taken away: see that it is there, copy the library to another one, "
        + "and look at the copy with vsdb check --read-data"

    /// A disk without room.
    static func diskFull(_ path: String, needed: Int?) -> StoreError {
        let free = freeByteCount(path)
        let shown = free < 1 << 20 ? "\(free >> 10) kB" : "\(free >> 20) MiB"
        let wanted = needed.map { ", \(($0 >> 20) + 1) MiB are needed" } ?? ""
        let isInLibrary = sequence(first: path) { place in
            let parent = (place as NSString).deletingLastPathComponent
            return parent.isEmpty || parent == place ? nil : parent
        }.contains(where: Library.isLibrary)
        return StoreError(
            .noSpace,
            "library: the disk of \"\(path)\" is full: \(shown) are free\(wanted); make room (delete other "
                + "files on it"
                + (isInLibrary ? ", as vsdb gc only frees room inside the library" : "")
                + ") and try again"
        )
    }
}
