internal import Foundation
internal import Hashing
internal import Packs

/// `bundle.json`: what a bundle is, what it needs, and which files it consists of.
struct BundleManifest: Codable {
    static let fileName = "bundle.json"
    /// The layout that this vsdb writes and reads.
    static let currentFormat = 1

    /// A file of the bundle, by which it is known whether it is whole.
    struct File: Codable, Hashable {
        /// Its path in the bundle.
        var path: String
        var byteCount: Int
        var sha256: String
    }

    /// Some clips with their tensors.
    struct Part: Codable {
        /// One clip a line.
        var clips: File
        var tensors: File
        var clipCount: Int
        var tensorCount: Int
    }

    /// A pack that made tensors of the clips.
    struct NeededPack: Codable {
        var name: String
        var fingerprint: String
        /// Its files, `packs/NAME/…`; nil if the bundle is without packs.
        var files: [File]?
    }

    /// Always `vsdb`.
    var application = "vsdb"
    var formatVersion = currentFormat
    var created: String
    /// The UUID of the library that it came from.
    var library: String
    var packs: [NeededPack]
    var parts: [Part]
    /// Saved recipes, one a line.
    var compositions: File
    /// Collections, one a line.
    var collections: File
    /// SHA-256 of this document with an empty text here.
    var checksum = ""

    /// How many clips there are.
    var clipCount: Int { parts.reduce(0) { $0 + $1.clipCount } }
    /// How many tensors there are.
    var tensorCount: Int { parts.reduce(0) { $0 + $1.tensorCount } }

    /// All files but this one.
    var files: [File] {
        parts.flatMap { [$0.clips, $0.tensors] } + [compositions, collections]
            + packs.flatMap { $0.files ?? [] }
    }

    /// What `checksum` has to be.
    func computedChecksum() throws -> String {
        var plain = self
        plain.checksum = ""
        return SHA256.digest(try JSONEncoder.forDocuments.encode(plain)).hex
    }

    /// The names of the files are fixed, so that none leads out of the bundle.
    static func clipsName(_ part: Int) -> String { "clips-\(digits(part)).jsonl" }
    static func tensorsName(_ part: Int) -> String { "tensors-\(digits(part)).safetensors" }
    static let compositionsName = "compositions.jsonl"
    static let collectionsName = "collections.jsonl"
    static func packFolder(_ name: String) -> String { "packs/\(name)" }

    private static func digits(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
