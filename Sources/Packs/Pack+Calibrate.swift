internal import Foundation

extension Pack {
    /// Writes the pack's own reconstruction distances into `pack.json`.
    ///
    /// The fingerprint stays: assets do not depend on them.
    ///
    /// - Parameter reconstruction: What was measured.
    /// - Returns: The pack with the new manifest.
    /// - Throws: `PackError` if the numbers are impossible, an error of Foundation if the file cannot be
    ///   written; the old file is left whole then.
    public func calibrated(_ reconstruction: PackManifest.Reconstruction) throws -> Pack {
        var changed = manifest
        changed.reconstruction = reconstruction
        do {
            try changed.validate()
        } catch {
            throw PackError(.badManifest, "pack \"\(manifest.name)\": the key \(error)")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let path = folder + "/" + Self.manifestName
        try encoder.encode(changed).write(to: URL(fileURLWithPath: path), options: .atomic)
        let written = try Pack(folder: folder)
        precondition(written.fingerprint == fingerprint, "calibrating changed a fingerprint")
        return written
    }
}
