internal import Foundation
internal import Glibc

/// A folder on a disk of the node's own, for the library of one task: LMDB must not live on a network file system.
///
/// It is deleted with the task. What a killed task left is deleted by the next one of the same job on that node.
final class ScratchFolder {
    let path: String
    private let claim: Int32
    private static let youngest = 60

    /// Makes the folder in `parent`, which is TMPDIR or /tmp.
    ///
    /// - Throws: `ClusterError`, `.failed`.
    init(in parent: String, job: String) throws {
        let prefix = "vsdb-\(job)-"
        Self.deleteAbandoned(in: parent, prefix)
        let path = "\(parent)/\(prefix)\(UUID().uuidString.prefix(8).lowercased())"
        guard mkdir(path, 0o700) == 0 else {
            throw ClusterError(
                .failed,
                "\"\(path)\" cannot be made: \(String(cString: strerror(errno))); TMPDIR has to name a folder "
                    + "on a disk of the node's own"
            )
        }
        let claim = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard claim >= 0, flock(claim, LOCK_EX | LOCK_NB) == 0 else {
            if claim >= 0 { close(claim) }
            rmdir(path)
            throw ClusterError(
                .failed,
                "\"\(path)\" cannot be locked: \(String(cString: strerror(errno)))"
            )
        }
        (self.path, self.claim) = (path, claim)
    }

    deinit {
        // One that resists goes with the next task, or with the node's own cleaning of TMPDIR.
        try? FileManager.default.removeItem(atPath: path)
        close(claim)
    }

    private static func deleteAbandoned(in parent: String, _ prefix: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for name in names where name.hasPrefix(prefix) {
            let file = open("\(parent)/\(name)", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard file >= 0 else { continue }
            defer { close(file) }
            var facts = stat()
            // A young one may be about to be locked.
            guard fstat(file, &facts) == 0, Int(facts.st_ctim.tv_sec) + Self.youngest < time(nil),
                flock(file, LOCK_EX | LOCK_NB) == 0
            else { continue }
            try? FileManager.default.removeItem(atPath: "\(parent)/\(name)")
        }
    }
}
