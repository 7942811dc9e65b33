import Foundation
import Pipelines
import Store

/// What a composition is made of, and what was made from a clip: `vsdb show --lineage`.
struct Lineage {
    let library: Library
    let shared: SharedOptions

    private struct ClipLineage: Encodable {
        struct Use: Encodable {
            let name: String
            let hash: String
            let roles: [Recipe.Role]
            let renders: [CompositionRecord.RenderedRecord]
            let added: Date
        }

        let id: String
        let name: String
        let source: RecipePartRecord.SourceRecord
        let collections: [String]
        let compositions: [Use]
    }

    /// Shows the clips of a composition with their sources, the edits, and the films made of it.
    func show(_ composition: Composition) throws {
        let record = try CompositionRecord(composition, library)
        guard !shared.json else {
            try shared.console.print(JSONOutput.document(record))
            return
        }
        var facts = [
            ("composition", record.name),
            ("hash", record.hash),
            ("saved", record.added.formatted(.iso8601)),
        ]
        facts += record.edits.map { ("edit", $0.shown) }
        facts += record.renders.map { ("film", "\($0.path), \($0.rendered.formatted(.iso8601))") }
        try shared.console.printFacts(facts)
        if let problem = record.problem { shared.console.warning(problem) }
        guard !record.parts.isEmpty else { return }
        var table = TextTable([
            .left("ROLE"), .cut("CLIP", to: 12), .left("ID"), .cut("HOW", to: 8),
            .cut("SOURCE", to: 12),
        ])
        for part in record.parts {
            table.add([
                part.role.rawValue, part.shownName, String(part.id.prefix(12)), part.manner,
                part.source?.path ?? "-",
            ])
        }
        try shared.console.print("")
        try shared.console.printTable(table)
    }

    /// Shows the source of a clip, and the collections and compositions that it is in.
    func show(_ clip: Clip) throws {
        let uses = try library.compositions(using: clip.id).map { composition in
            let record = try CompositionRecord(composition, library)
            return ClipLineage.Use(
                name: record.name,
                hash: record.hash,
                roles: record.parts.filter { $0.id == clip.id.hex }.map(\.role),
                renders: record.renders,
                added: record.added
            )
        }
        let collections = try library.collections(with: clip.id)
        guard !shared.json else {
            let record = ClipLineage(
                id: clip.id.hex,
                name: clip.name,
                source: .init(path: clip.source.path, sha256: clip.source.sha256),
                collections: collections,
                compositions: uses
            )
            try shared.console.print(JSONOutput.document(record))
            return
        }
        try shared.console.printFacts([
            ("clip", clip.name),
            ("id", clip.id.hex),
            ("source", "\(clip.source.path) (\(Wording.bytes(clip.source.byteCount)))"),
            ("sha256", clip.source.sha256),
            ("collections", collections.isEmpty ? "-" : collections.joined(separator: ", ")),
            ("used by", uses.isEmpty ? "-" : Wording.count(uses.count, "composition")),
        ])
        guard !uses.isEmpty else { return }
        var table = TextTable([
            .left("HASH"), .cut("COMPOSITION", to: 12), .left("SAVED"), .left("ROLE"),
            .cut("FILMS", to: 12),
        ])
        for use in uses {
            table.add([
                String(use.hash.prefix(12)), use.name, use.added.formatted(.iso8601),
                use.roles.map(\.rawValue).joined(separator: ", "),
                use.renders.map(\.path).joined(separator: ", "),
            ])
        }
        try shared.console.print("")
        try shared.console.printTable(table)
    }
}
