internal import Foundation
internal import Packs
internal import Store
internal import Tensors

/// A clip as a line of `clips-0000.jsonl`.
struct BundleClip: Codable {
    /// The file that the clip was cut from.
    struct SourceFile: Codable {
        var sha256: String
        var path: String
        var byteCount: Int
        var kind: MediaKind
        /// Container facts, a JSON object as a text.
        var container: String
    }

    /// A tensor of the clip, and by what name the part's safetensors file has it.
    struct TensorUse: Codable {
        var kind: String
        var tensor: String
        var dtype: String
        var shape: [Int]
        var xxh3: String
        /// How it was made, a JSON object as a text.
        var provenance: String
    }

    var id: String
    /// The name in the library that it came from; that of a segment has its range.
    var name: String
    /// The name without the range.
    var baseName: String
    var isSegment: Bool
    var source: SourceFile
    var start: Double
    var end: Double
    var caption: String?
    var tags: [String]
    /// The fingerprint of the pack that encoded it.
    var pack: String
    /// The encoder settings, a part of what the id is computed from.
    var settings: String
    var assets: [TensorUse]

    init(_ stored: StoredClip) {
        let clip = stored.clip
        (id, name, baseName, isSegment) = (clip.id.hex, clip.name, clip.baseName, clip.isSegment)
        source = SourceFile(
            sha256: clip.source.sha256,
            path: clip.source.path,
            byteCount: clip.source.byteCount,
            kind: clip.source.mediaKind,
            container: clip.source.containerJSON
        )
        (start, end, caption, tags) = (clip.start, clip.end, clip.caption, clip.tags)
        (pack, settings) = (clip.packFingerprint, clip.settings)
        assets = stored.assets.map { asset in
            TensorUse(
                kind: asset.kind.name,
                tensor: Self.tensorName(asset),
                dtype: asset.dtype.rawValue,
                shape: asset.shape,
                xxh3: asset.checksum,
                provenance: asset.provenanceJSON
            )
        }
    }

    /// What an asset is called in a bundle: `3fa9….content`.
    static func tensorName(_ asset: Asset) -> String { tensorName(asset.clipID.hex, asset.kind) }

    static func tensorName(_ id: String, _ kind: AssetKind) -> String { "\(id).\(kind.name)" }

    /// The clip without its tensors.
    var bare: NewClip {
        var clip = NewClip(
            source: Source(
                sha256: source.sha256,
                path: source.path,
                byteCount: source.byteCount,
                mediaKind: source.kind,
                containerJSON: source.container
            ),
            start: start,
            end: end,
            name: baseName,
            packFingerprint: pack,
            settings: settings,
            assets: []
        )
        (clip.isSegment, clip.caption, clip.tags) = (isSegment, caption, tags)
        return clip
    }
}

/// A saved recipe as a line of `compositions.jsonl`.
struct BundleComposition: Codable {
    var name: String
    var hash: String
    /// The recipe, a JSON object as the text that was saved.
    var recipe: String
    /// The ids of its clips.
    var parents: [String]
}

/// A collection as a line of `collections.jsonl`.
struct BundleCollection: Codable {
    var name: String
    /// The ids of its clips, in order.
    var clips: [String]
}

extension AssetKind {
    /// The kind of a name in listings, messages and bundles.
    init?(name: String) {
        guard let kind = AssetKind.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }
}

extension JSONEncoder {
    /// For documents of one object a line.
    static var forLines: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
