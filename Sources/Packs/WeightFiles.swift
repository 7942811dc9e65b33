internal import Foundation
internal import Hashing
internal import Synchronization
internal import Tensors

/// The weight files of a pack, each hashed once when it is first opened and kept open from then on.
///
/// A flipped bit would render a wrong picture silently, so the hash is compared in every process; a file is read
/// piece by piece for it and its tensors are mapped one at a time, so that memory holds no file as a whole.
final class WeightFiles: Sendable {
    private let opened = Mutex<[String: SafetensorsFile]>([:])

    /// Opens a file, or gives the one that is open.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - sha256: What `pack.json` says of it, hexadecimal digits.
    /// - Returns: The file.
    /// - Throws: `PackError`, `.missingNetwork` or `.weightsMismatch`; `SafetensorsError`.
    func open(_ path: String, sha256: String) throws -> SafetensorsFile {
        try opened.withLock { opened in
            if let known = opened[path] { return known }
            let sum = SHA256()
            guard let bytes = try? FileBytes(path: path),
                bytes.forEachPiece(of: 0..<bytes.count, { sum.update($0) })
            else {
                throw PackError(
                    .missingNetwork,
                    "pack file \"\(path)\" cannot be read; add the pack again"
                )
            }
            let found = sum.finish().hex
            guard found == sha256.lowercased() else {
                throw PackError(
                    .weightsMismatch,
                    "pack file \"\(path)\" is not the one that \(Pack.manifestName) describes: its "
                        + "SHA-256 is \(found), expected \(sha256); copy or add the pack again"
                )
            }
            let file = try SafetensorsFile(path: path, bytes: bytes)
            opened[path] = file
            return file
        }
    }
}
