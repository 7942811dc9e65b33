internal import Foundation
internal import Packs
internal import Store

extension Session {
    /// Puts whole files in the place of those of a library's pack that are damaged or missing.
    ///
    /// Every file is replaced in one step: a reader has the old one or the new one.
    ///
    /// - Parameters:
    ///   - record: The pack of the library.
    ///   - source: The same pack, by its fingerprint, with files that were verified.
    /// - Returns: The names of the files that were replaced; empty for a sound pack.
    /// - Throws: An error of Foundation if a file cannot be written; `PackError`.
    func repair(_ record: PackRecord, from source: Pack) throws -> [String] {
        let folder = folder(of: record)
        let damaged = source.damagedFiles(in: folder)
        let hasManifest = (try? Pack(folder: folder))?.fingerprint == record.fingerprint
        guard !damaged.isEmpty || !hasManifest else { return [] }
        let files = FileManager.default
        try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in damaged {
            try replace(folder + "/" + name) { draft in
                try files.copyItem(atPath: source.folder + "/" + name, toPath: draft)
            }
        }
        if !hasManifest {
            // The catalogue's copy: it has this library's name and calibration.
            try replace(folder + "/" + Pack.manifestName) { draft in
                try Data(record.manifestJSON.utf8).write(to: URL(fileURLWithPath: draft))
            }
        }
        forget(record.fingerprint)
        return (hasManifest ? [] : [Pack.manifestName]) + damaged
    }

    private func replace(_ path: String, _ write: (String) throws -> Void) throws {
        let url = URL(fileURLWithPath: path)
        let draft =
            url.deletingLastPathComponent().path
            + "/.repairing-\(UUID().uuidString.prefix(8))"
        do {
            try write(draft)
            try syncFile(draft)
            guard rename(draft, path) == 0 else {
                throw RequestError(
                    "\"\(path)\" cannot be replaced: \(String(cString: strerror(errno)))"
                )
            }
        } catch {
            try? FileManager.default.removeItem(atPath: draft)
            throw error
        }
    }
}
