import Foundation
import Glibc
import StoreWork
import TestSupport

/// A disk of a few MiB in memory, which only root can make.
final class SmallDisk {
    let path: String
    private let folder: TemporaryFolder

    /// Whether this process may make one; a container may forbid it to root, too.
    static let isPossible: Bool = (try? SmallDisk(mebibytes: 1)) != nil

    init(mebibytes: Int) throws {
        folder = try TemporaryFolder()
        path = folder.path + "/disk"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false
        )
        guard mount("vsdb-test", path, "tmpfs", 0, "size=\(mebibytes)m") == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    private var filler: String { path + "/lib-filler" }

    /// Takes all room but some.
    func fill(leaving count: Int = 0) throws {
        let file = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC | O_TRUNC, 0o644)
        guard file >= 0 else { throw POSIXError(.EIO) }
        defer { close(file) }
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { throw POSIXError(.EIO) }
        let free = Int(facts.f_bavail) * Int(facts.f_frsize)
        guard posix_fallocate(file, 0, off_t(max(1, free - count))) == 0 else {
            throw POSIXError(.ENOSPC)
        }
    }

    /// Makes room again.
    func empty() { unlink(filler) }
}
