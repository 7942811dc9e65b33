internal import Foundation
internal import Glibc
internal import Hashing
internal import Media
internal import Store

/// The folder of a bundle while it is written, under a hidden name beside its place.
///
/// The bundle appears complete and on the disk, or not at all.
struct BundleFolder {
    let output: String
    let draft: String

    /// Makes the hidden folder.
    ///
    /// - Throws: `StoreError`, `.alreadyExists` if something is at the place; an error of Foundation.
    init(output: String) throws {
        let url = URL(fileURLWithPath: output).standardizedFileURL
        self.output = url.path
        draft =
            url.deletingLastPathComponent().path
            + "/.\(ClipName.shortened(url.lastPathComponent)).\(getpid())-\(UUID().uuidString.prefix(8)).partial"
        try refuseExisting()
        AbandonedDrafts.delete(in: url.deletingLastPathComponent().path)
        guard mkdir(draft, 0o755) == 0 else { throw Self.cannotMake(self.output, errno) }
    }

    private static func cannotMake(_ output: String, _ code: Int32) -> StoreError {
        let parent = (output as NSString).deletingLastPathComponent
        let start = "bundle \"\(output)\": "
        return switch code {
        case ENOENT, ENOTDIR:
            StoreError(
                .failed,
                start + "there is no folder \"\(parent)\"; make it, or choose another place with -o"
            )
        case EACCES, EPERM, EROFS:
            StoreError(
                .notWritable,
                start + "you may not write in \"\(parent)\"; choose another place with -o"
            )
        case ENOSPC, EDQUOT:
            StoreError(.noSpace, start + "the disk of \"\(parent)\" is full; make room")
        default:
            StoreError(.failed, start + "it cannot be made: \(String(cString: strerror(code)))")
        }
    }

    /// Waits until all of the bundle is on the disk, and gives it its name.
    func publish() throws {
        try syncTree(draft)
        try refuseExisting()
        guard rename(draft, output) == 0 else {
            throw StoreError(
                .failed,
                "bundle \"\(output)\": it cannot get its name: \(String(cString: strerror(errno)))"
            )
        }
        try syncFolder(URL(fileURLWithPath: output).deletingLastPathComponent().path)
    }

    /// Removes what was written; does nothing after `publish`.
    func discard() { try? FileManager.default.removeItem(atPath: draft) }

    /// Writes a file.
    func write(_ data: Data, to name: String) throws -> BundleManifest.File {
        let path = draft + "/" + name
        try data.write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
        return BundleManifest.File(
            path: name,
            byteCount: data.count,
            sha256: SHA256.digest(data).hex
        )
    }

    /// Copies a file of a pack.
    func copy(_ source: String, to name: String) throws -> BundleManifest.File {
        let path = draft + "/" + name
        try FileManager.default.copyItem(
            atPath: URL(fileURLWithPath: source).resolvingSymlinksInPath().path,
            toPath: path
        )
        return try described(name, sha256: try SHA256.digest(fileAt: path).hex)
    }

    /// A file that is written already.
    func described(_ name: String, sha256: String) throws -> BundleManifest.File {
        var facts = stat()
        guard stat(draft + "/" + name, &facts) == 0 else {
            throw StoreError(
                .failed,
                "bundle \"\(output)\": \(name) cannot be read again: \(String(cString: strerror(errno)))"
            )
        }
        return BundleManifest.File(path: name, byteCount: Int(facts.st_size), sha256: sha256)
    }

    private func refuseExisting() throws {
        var facts = stat()
        guard lstat(output, &facts) != 0 else {
            throw StoreError(
                .alreadyExists,
                "bundle \"\(output)\": something is there already; choose another name with -o"
            )
        }
    }
}
