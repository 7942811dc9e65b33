import Foundation
import Hashing
import Pipelines
import Store
import Tensors
import TestSupport
import Testing

/// Libraries with the sample pack and clips that no film was read for.
struct BundleFixture {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A path in the folder.
    func path(_ name: String) -> String { folder.path + "/" + name }

    /// An empty library, with the sample pack or without.
    func session(_ name: String, hasPack: Bool = true) throws -> Session {
        let session = Session(library: try Library.create(at: path(name)))
        if hasPack { try session.addPack(from: LibraryFixture.samples + "/packs/paper-doll") }
        return session
    }

    /// A pack that is not the sample pack, but is made of its files.
    func otherPack() throws -> String {
        let folder = path("other-pack")
        try FileManager.default.copyItem(
            atPath: LibraryFixture.samples + "/packs/paper-doll",
            toPath: folder
        )
        let file = URL(fileURLWithPath: folder + "/pack.json")
        var manifest = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
        )
        manifest["clip"] = nil
        try JSONSerialization.data(withJSONObject: manifest).write(to: file)
        return folder
    }

    /// A library with clips of some seeds, a composition of the first two and a collection of all.
    func filled(_ name: String, _ seeds: Range<Int>) throws -> Session {
        let session = try session(name)
        let done = try session.library.commit(try seeds.map { try Self.clip($0) })
        _ = try session.library.add(done.reversed().map(\.id), toCollection: "reel")
        if done.count > 1 {
            var request = CompositionRequest(content: done[0].name)
            request.motion = done[1].name
            request.timing.frameCount = 4
            try session.save(try session.compose(request).recipe, as: "swap")
        }
        return session
    }

    /// A clip with tensors like those of a sample clip; they differ in one number.
    static func clip(_ seed: Int, name: String? = nil) throws -> NewClip {
        let library = try LibraryFixture.get().session.library
        let original = try library.resolve("figure00_motion00").clip
        var clip = NewClip(
            source: original.source,
            start: 0,
            end: 2.0000000000000004,
            name: name ?? "clip-\(seed)",
            packFingerprint: original.packFingerprint,
            settings: original.settings,
            assets: try library.assets(of: original.id).map { asset in
                let tensor = try library.tensor(asset.id)
                var bytes = tensor.bytes
                bytes[bytes.startIndex] = UInt8(truncatingIfNeeded: seed)
                return NewAsset(
                    kind: asset.kind,
                    tensor: RawTensor(dtype: tensor.dtype, shape: tensor.shape, bytes: bytes),
                    provenanceJSON: asset.provenanceJSON
                )
            }
        )
        let digits = String(seed, radix: 16)
        clip.source.sha256 = String(repeating: "0", count: 64 - digits.count) + digits
        clip.source.path = "/films/\"\(seed)\" \n\u{1F9CD}.mp4"
        clip.caption = seed % 3 == 0 ? nil : "number \(seed), a \"dress\"\nof two lines"
        clip.tags = seed % 2 == 0 ? ["even", "\u{E4}"] : ["odd"]
        return clip
    }

    /// Exports everything, and gives the path.
    func export(_ session: Session, _ name: String, withPacks: Bool = false) throws -> String {
        var request = ExportRequest(output: path(name))
        request.withPacks = withPacks
        return try session.export(request).output
    }
}

extension Session {
    /// Imports bundles and gives the reports.
    @discardableResult
    func importing(_ bundles: String..., dryRun: Bool = false) throws -> [MergeReport] {
        var reports: [MergeReport] = []
        try importBundles(bundles, isDryRun: dryRun) { reports.append($0) }
        return reports
    }
}

extension Library {
    /// Everything that the library holds, row by row and bit by bit, but for its own numbers and times.
    func contents() throws -> [String] {
        var lines = try clips().flatMap { clip in
            let source = clip.source
            let facts: [any CustomStringConvertible] = [
                clip.id.hex, clip.name, clip.baseName, clip.isSegment, source.sha256,
                source.path, source.byteCount, source.mediaKind.rawValue, source.containerJSON,
                clip.start.bitPattern, clip.end.bitPattern, clip.caption ?? "none", clip.tags,
                clip.packFingerprint, clip.settings,
            ]
            let assets = try assets(of: clip.id).map { asset in
                let tensor = try tensor(asset.id)
                return "\(clip.name) \(asset.kind) \(asset.dtype) \(asset.shape) "
                    + "\(asset.packFingerprint ?? "none") \(asset.checksum) "
                    + "\(asset.provenanceJSON) \(SHA256.digest(tensor.bytes).hex)"
            }
            return ["clip \(facts)"] + assets
        }
        lines += try compositions().map {
            "composition \($0.name) \($0.hash) \($0.recipeJSON) \($0.parents.map(\.hex))"
        }
        for collection in try collections() {
            var filter = ClipFilter()
            filter.collection = collection.name
            lines.append("collection \(collection.name) \(try clips(filter).map(\.id.hex))")
        }
        return lines
    }
}
