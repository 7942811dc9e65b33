internal import Foundation

extension Pack {
    /// Writes into `pack.json` what was measured on the pack's own clips.
    ///
    /// The fingerprint stays: assets do not depend on them.
    ///
    /// - Parameters:
    ///   - reconstruction: The distances of the generator's pictures.
    ///   - bfloat16PSNR: How near bfloat16 comes, dB; nil leaves what is written there.
    /// - Returns: The pack with the new manifest.
    /// - Throws: `PackError` if the numbers are impossible, an error of Foundation if the file cannot be
    ///   written; the old file is left whole then.
    public func calibrated(
        _ reconstruction: PackManifest.Reconstruction,
        bfloat16PSNR: Double?
    ) throws -> Pack {
        var changed = manifest
        changed.reconstruction = reconstruction
        changed.bfloat16PSNR = bfloat16PSNR ?? manifest.bfloat16PSNR
        do {
            try changed.validate()
        } catch {
            throw PackError(.badManifest, "pack \"\(manifest.name)\": the key \(error)")
        }
        let path = folder + "/" + Self.manifestName
        try JSONEncoder.forDocuments.encode(changed).write(
            to: URL(fileURLWithPath: path),
            options: .atomic
        )
        let written = try Pack(folder: folder)
        precondition(written.fingerprint == fingerprint, "calibrating changed a fingerprint")
        return written
    }
}
