import Foundation
import Glibc

/// Copies the bytes of a file, with its holes; its mode as far as the place of the copy allows that.
///
/// - Parameters:
///   - source: A file, or a link to one.
///   - target: Where nothing is.
///   - stop: Asked after every few megabytes.
///   - sharing: Whether the copy may share the disk's blocks with the original until one is changed.
/// - Throws: `StoreError`.
func copyFile(
    _ source: String,
    to target: String,
    _ stop: StopRequest = StopRequest(),
    sharing: Bool = false
) throws(StoreError) {
    let input = open(source, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else { throw StoreError.system(errno, "read", source) }
    defer { close(input) }
    let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard output >= 0 else { throw StoreError.system(errno, "create", target) }
    defer { close(output) }
    var facts = stat()
    if fstat(input, &facts) == 0 {
        // Some disks have no modes, and another's file may have one that we may not give.
        _ = fchmod(output, facts.st_mode & 0o777 | 0o200)
    }
    // linux/fs.h: FICLONE, which only some file systems have.
    if sharing, ioctl(output, 0x4004_9409, input) == 0 { return }
    let pieceByteCount = 4 << 20
    var piece = [UInt8](repeating: 0, count: pieceByteCount)
    var offset = 0
    while true {
        try stop.check()
        let count = pread(input, &piece, pieceByteCount, off_t(offset))
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw StoreError.system(errno, "read", source) }
        guard count > 0 else { break }
        // A piece of zeros is left as a hole.
        if piece[..<count].contains(where: { $0 != 0 }) {
            var done = 0
            while done < count {
                let written = piece.withUnsafeBytes {
                    pwrite(
                        output,
                        $0.baseAddress.map { $0 + done },
                        count - done,
                        off_t(offset + done)
                    )
                }
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw StoreError.system(errno, "write", target) }
                done += written
            }
        }
        offset += count
    }
    guard ftruncate(output, off_t(offset)) == 0 else {
        throw StoreError.system(errno, "write", target)
    }
}

/// Copies a folder with all that is in it, and what links in it lead to: the copy stands by itself.
///
/// - Throws: `StoreError`.
func copyTree(
    _ source: String,
    to target: String,
    _ stop: StopRequest,
    depth: Int = 0
) throws {
    guard depth < 32 else {
        throw StoreError(
            .failed,
            "folder \"\(source)\": links in it lead in a circle; take them out"
        )
    }
    try makeFolder(target)
    for name in try FileManager.default.contentsOfDirectory(atPath: source).sorted() {
        let (from, to) = (source + "/" + name, target + "/" + name)
        if isFolder(from) {
            try copyTree(from, to: to, stop, depth: depth + 1)
        } else if isRegularFile(from) {
            try copyFile(from, to: to, stop)
        }
    }
}
