import Foundation
import Synchronization

/// A result that appears under its name only when it is complete and on the disk.
///
/// It grows under a hidden name in the same folder, `.NAME.PID-N.partial`.
final class PendingFile {
    let path: String
    let temporaryPath: String
    private var isPending = true

    private static let counter = Atomic(0)

    /// Checks that the folder takes files.
    init(path: String) throws(MediaError) {
        self.path = path
        temporaryPath = PendingFile.temporaryPath(beside: path)
        try PendingFile.checkFolder(of: path)
        AbandonedDrafts.delete(in: PendingFile.folder(of: path))
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw MediaError(.cannotWrite, path: path, "a folder has this name")
        }
    }

    deinit { discard() }

    /// A hidden name in the same folder that no other result of this process has.
    static func temporaryPath(beside path: String) -> String {
        let url = URL(fileURLWithPath: path)
        let number = counter.add(1, ordering: .relaxed).newValue
        // A name may have 255 bytes: of a long one the start is enough.
        var start = url.lastPathComponent
        while start.utf8.count > 200 { start.removeLast() }
        let name = ".\(start).\(getpid())-\(number).partial"
        return url.deletingLastPathComponent().appendingPathComponent(name).path
    }

    /// The folder that a path lies in.
    static func folder(of path: String) -> String {
        URL(fileURLWithPath: path).deletingLastPathComponent().path
    }

    static func checkFolder(of path: String) throws(MediaError) {
        let folder = folder(of: path)
        var status = stat()
        let isThere = stat(folder, &status) == 0
        guard !isThere || status.st_mode & S_IFMT == S_IFDIR else {
            throw MediaError(
                .cannotWrite,
                path: path,
                "\"\(folder)\" is a file, not a folder; name another place"
            )
        }
        guard isThere else {
            throw MediaError(
                .cannotWrite,
                path: path,
                "the folder \"\(folder)\" does not exist; make it first"
            )
        }
        guard access(folder, W_OK | X_OK) == 0 else {
            throw MediaError(
                .cannotWrite,
                path: path,
                "files cannot be made in the folder \"\(folder)\""
            )
        }
    }

    /// Writes all bytes at once.
    func write(_ bytes: Data) throws(MediaError) {
        let descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failed("making the file") }
        defer { close(descriptor) }
        try DescriptorOutput.write(bytes, to: descriptor, path: path)
    }

    /// Waits for the disk, then gives the file its name.
    func commit() throws(MediaError) {
        try PendingFile.synchronize(temporaryPath, for: path)
        guard rename(temporaryPath, path) == 0 else { throw failed("renaming the file") }
        isPending = false
        try PendingFile.synchronize(PendingFile.folder(of: path), for: path)
    }

    /// Removes what was written; does nothing after `commit`.
    func discard() {
        guard isPending else { return }
        isPending = false
        unlink(temporaryPath)
    }

    /// Waits until a file or folder is on the disk.
    static func synchronize(_ target: String, for path: String) throws(MediaError) {
        let descriptor = open(target, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .system(errno, doing: "opening the result", path: path, isWriting: true)
        }
        defer { close(descriptor) }
        // Some file systems cannot do it for folders, and say EINVAL.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw .system(errno, doing: "saving the result", path: path, isWriting: true)
        }
    }

    private func failed(_ doing: String) -> MediaError {
        .system(errno, doing: doing, path: path, isWriting: true)
    }
}
