import Foundation
import Pipelines
import Store
import Tensors

/// A clip as `--json` shows it.
struct ClipRecord: Encodable, Sendable {
    /// The file it was cut from.
    struct SourceRecord: Encodable, Sendable {
        let path: String
        let sha256: String
        let bytes: Int
        let kind: MediaKind
        let container: JSONValue
    }

    /// A stored tensor.
    struct AssetRecord: Encodable, Sendable {
        let kind: String
        let dtype: String
        let shape: [Int]
        let bytes: Int
        let checksum: String
        let provenance: JSONValue
    }

    let id: String
    let name: String
    let source: SourceRecord
    let start: Double
    let end: Double
    let duration: Double
    let pack: String
    let settings: String
    let assets: [AssetRecord]
    @OrNull var caption: String?
    let tags: [String]
    let hasMotion: Bool
    /// How far the generator's pictures of its frames are from them; null if it was not measured.
    @OrNull var reconstruction: Double?
    let added: Date

    init(_ clip: Clip, assets: [Asset], packs: PackNames) {
        id = clip.id.hex
        name = clip.name
        source = SourceRecord(
            path: clip.source.path,
            sha256: clip.source.sha256,
            bytes: clip.source.byteCount,
            kind: clip.source.mediaKind,
            container: JSONValue(parsing: clip.source.containerJSON)
        )
        start = clip.start
        end = clip.end
        duration = clip.duration
        pack = packs[clip.packFingerprint]
        settings = clip.settings
        self.assets = assets.map { asset in
            AssetRecord(
                kind: asset.kind.name,
                dtype: String(describing: asset.dtype),
                shape: asset.shape,
                bytes: asset.byteCount,
                checksum: asset.checksum,
                provenance: JSONValue(parsing: asset.provenanceJSON)
            )
        }
        caption = clip.caption
        tags = clip.tags
        hasMotion = assets.contains { $0.kind == .dynamics }
        reconstruction = ContentFacts(assets.first { $0.kind == .content }).reconstruction
        added = clip.added
    }
}

/// The names of a library's packs by fingerprint.
struct PackNames: Sendable {
    private let names: [String: String]

    init(_ library: Library) throws {
        names = Dictionary(
            try library.packs().map { ($0.fingerprint, $0.name) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The name, or the beginning of the fingerprint of a pack that is gone.
    subscript(_ fingerprint: String) -> String {
        names[fingerprint] ?? String(fingerprint.prefix(12))
    }
}
