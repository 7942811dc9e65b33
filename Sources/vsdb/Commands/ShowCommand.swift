import ArgumentParser
import Foundation
import Media
import Packs
import Pipelines
import Store

/// `vsdb show`.
struct ShowCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one clip with its source and assets, or one saved composition.",
        usage: """
            vsdb show <ref> [--lineage] [--thumbnails <file>] [<options>]
            """,
        discussion: """
            REF is a name or the first 4 or more digits of an id. The lineage of a \
            composition is its clips, what each gives, and their files; that of a clip is what was \
            made from it.

              vsdb show anna
              vsdb show 3fa9 --thumbnails anna.jpg
              vsdb show anna-walks --json
              vsdb show anna-walks --lineage
            """
    )

    @Argument(help: ArgumentHelp("The clip or composition.", valueName: "ref"))
    var reference: String

    @Flag(help: "Look for a saved composition only.")
    var composition = false

    @Flag(help: "Show what it is made of, and what was made from it.")
    var lineage = false

    @Option(
        help: ArgumentHelp("Write the clip's thumbnail strip (.jpg or .png).", valueName: "file"),
        completion: .file(extensions: ["jpg", "png"])
    )
    var thumbnails: String?

    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard !composition || thumbnails == nil else {
            throw ValidationError("--thumbnails fits clips, not --composition")
        }
        guard !lineage || thumbnails == nil else {
            throw ValidationError("--thumbnails and --lineage exclude each other")
        }
    }

    func run() throws {
        let library = try shared.openLibrary()
        guard !composition else {
            try show(try library.composition(reference), library)
            return
        }
        do {
            try show(try library.resolve(reference).clip, library)
        } catch let error as StoreError where error.kind == .unknownReference {
            guard let found = try? library.composition(reference) else { throw error }
            guard thumbnails == nil else {
                throw ValidationError("\"\(reference)\" is a composition: it has no thumbnails")
            }
            try show(found, library)
        }
    }

    private func show(_ clip: Clip, _ library: Library) throws {
        guard !lineage else {
            try Lineage(library: library, shared: shared).show(clip)
            return
        }
        let assets = try library.assets(of: clip.id)
        let record = ClipRecord(clip, assets: assets, packs: try PackNames(library))
        if shared.json {
            try shared.console.print(JSONOutput.document(record))
        } else {
            try describe(clip, record, library)
            try list(assets)
        }
        if let thumbnails { try writeThumbnails(of: clip, to: thumbnails, library) }
    }

    /// The distance from what the generator draws, against that of the pack's own clips.
    private func reconstruction(of clip: Clip, _ record: ClipRecord, _ library: Library) -> String {
        guard let distance = record.reconstruction else { return "not measured" }
        // A pack that is gone or damaged does not keep a clip from being shown.
        let pack = try? Session(library: library).pack(clip.packFingerprint)
        guard let own = pack?.manifest.reconstruction else { return Wording.trimmed(distance) }
        let verdict = distance > own.limit ? "looks unaligned" : "aligned"
        return "\(Wording.trimmed(distance)): \(verdict); the pack's own "
            + "\(Wording.trimmed(own.median)), limit \(Wording.trimmed(own.limit))"
    }

    private func describe(_ clip: Clip, _ record: ClipRecord, _ library: Library) throws {
        let length = clip.source.mediaKind == .video ? " of the source" : ""
        try shared.console.printFacts(
            [
                ("clip", clip.name),
                ("id", clip.id.hex),
                ("time", Wording.range(clip.start, clip.end) + length),
                ("motion", record.hasMotion ? "yes" : "no: content only"),
                ("reconstruction", reconstruction(of: clip, record, library)),
                ("caption", clip.caption ?? "-"),
                ("tags", clip.tags.isEmpty ? "-" : clip.tags.joined(separator: ", ")),
                ("source", "\(clip.source.path) (\(Wording.bytes(clip.source.byteCount)))"),
                ("sha256", clip.source.sha256),
                ("pack", record.pack),
                ("settings", clip.settings),
                ("added", clip.added.formatted(.iso8601)),
            ]
        )
    }

    private func list(_ assets: [Asset]) throws {
        var table = TextTable([
            .left("ASSET"), .left("DTYPE"), .left("SHAPE"), .right("SIZE"), .left("CHECKSUM"),
            .cut("PROVENANCE", to: 10),
        ])
        for asset in assets {
            table.add([
                asset.kind.name,
                String(describing: asset.dtype),
                Wording.shape(asset.shape),
                Wording.bytes(asset.byteCount),
                asset.checksum,
                asset.provenanceJSON,
            ])
        }
        try shared.console.print("")
        try shared.console.printTable(table)
    }

    private func show(_ composition: Composition, _ library: Library) throws {
        guard !lineage else {
            try Lineage(library: library, shared: shared).show(composition)
            return
        }
        guard !shared.json else {
            try shared.console.print(composition.recipeJSON)
            return
        }
        try shared.console.printFacts([
            ("composition", composition.name),
            ("hash", composition.hash),
            ("saved", composition.added.formatted(.iso8601)),
            ("clips", composition.parents.map(\.short).joined(separator: ", ")),
        ])
        try shared.console.print("\n" + composition.recipeJSON)
    }

    private func writeThumbnails(of clip: Clip, to path: String, _ library: Library) throws {
        guard let strip = try library.thumbnails(of: clip.id) else {
            throw StoreError(.unknownReference, "clip \"\(clip.name)\": it has no thumbnails")
        }
        try StillImage.write(try StillImage.decode(strip), to: path, quality: 95)
        shared.console.note("wrote \(path)")
    }
}
