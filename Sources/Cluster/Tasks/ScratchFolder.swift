internal import Foundation
internal import Glibc
internal import Store

/// A folder on a disk of the node's own, for the library of one task: LMDB must not live on a network file system.
///
/// It is deleted with the task. What a killed task left is deleted by the next one of the same job on that node.
final class ScratchFolder {
    let path: String
    private let claim: LibraryLock
    private static let youngestSeconds = 60

    /// Makes the folder in `parent`, which is TMPDIR or /tmp.
    ///
    /// - Throws: `ClusterError`, `.failed`; `StoreError` if it cannot be locked.
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
        claim = try LibraryLock(alone: path, "work in it")
        self.path = path
    }

    deinit {
        // One that resists goes with the next task, or with the node's own cleaning of TMPDIR.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// What cannot be listed, is held by its task or resists is left where it is.
    private static func deleteAbandoned(in parent: String, _ prefix: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for path in names.filter({ $0.hasPrefix(prefix) }).map({ "\(parent)/\($0)" }) {
            var facts = stat()
            // A young one may be about to be locked.
            guard stat(path, &facts) == 0, Int(facts.st_ctim.tv_sec) + youngestSeconds < time(nil),
                let claim = try? LibraryLock(alone: path, "delete it")
            else { continue }
            try? FileManager.default.removeItem(atPath: path)
            withExtendedLifetime(claim) {}
        }
    }
}
