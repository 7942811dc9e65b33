import Foundation
import Packs
import Pipelines
import Store

/// A pack as `--json` shows it.
struct PackSummary: Encodable, Sendable {
    let name: String
    let fingerprint: String
    let isDefault: Bool
    let summary: String
    let licence: String
    let provenance: String
    let folder: String
    let abilities: Pack.Abilities
    /// Height and width of its frames in pixels.
    let frame: [Int]
    /// Rows and columns of the grid that masks address; null without a motion model.
    @OrNull var grid: [Int]?
    let regions: [String]
    let clipSeconds: Double
    let frameRate: Double
    /// How near the generator comes to the pack's own clips; null if nobody measured it.
    @OrNull var reconstruction: PackManifest.Reconstruction?
    /// How near pictures in bfloat16 come to those in float32, PSNR in dB; null if nobody measured it.
    @OrNull var bfloat16PSNR: Double?
    let bytes: Int
    let files: [String]

    init(_ record: PackRecord, session: Session, isDefault: Bool) throws {
        let pack = try session.pack(record.name).pack
        let manifest = pack.manifest
        name = record.name
        fingerprint = record.fingerprint
        self.isDefault = isDefault
        summary = manifest.summary
        licence = manifest.licence
        provenance = manifest.provenance
        folder = pack.folder
        abilities = pack.abilities
        frame = pack.frameShape
        grid = pack.gridShape
        regions = manifest.regions.keys.sorted()
        clipSeconds = manifest.time.clipSeconds
        frameRate = manifest.time.frameRate
        reconstruction = manifest.reconstruction
        bfloat16PSNR = manifest.bfloat16PSNR
        files = pack.fileNames
        bytes = files.reduce(0) { sum, file in
            let attributes = try? FileManager.default.attributesOfItem(
                atPath: pack.folder + "/" + file
            )
            return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
    }

    /// What it can be used for, in words.
    var uses: String {
        let words = [
            (abilities.samples, "sample"), (abilities.ingests, "ingest"),
            (abilities.moves, "motion"),
            (abilities.edits, "text"),
        ]
        return words.filter(\.0).map(\.1).joined(separator: ", ")
    }
}
