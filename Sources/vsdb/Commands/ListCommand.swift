import ArgumentParser
import Foundation
import Store

/// `vsdb list`.
struct ListCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the clips of the library, or its saved compositions.",
        usage: """
            vsdb list [--tag <word>] [--name <text>] [<options>]
            vsdb list --compositions [--name <text>] [<options>]
            """,
        discussion: """
              vsdb list
              vsdb list --tag walk --name anna
              vsdb list --compositions --json
            """
    )

    @Option(
        name: .customLong("tag"),
        help: ArgumentHelp("Only clips with this tag; repeatable.", valueName: "word")
    )
    var tags: [String] = []

    @Option(
        name: .customLong("name"),
        help: ArgumentHelp("Only what has this text in its name.", valueName: "text")
    )
    var part: String?

    @Flag(help: "List saved compositions instead of clips.")
    var compositions = false

    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard !compositions || tags.isEmpty else {
            throw ValidationError("--tag does not fit --compositions: only clips have tags")
        }
    }

    func run() throws {
        let library = try shared.openLibrary()
        if compositions { try listCompositions(library) } else { try listClips(library) }
    }

    private func listClips(_ library: Library) throws {
        var filter = ClipFilter()
        filter.tags = tags
        filter.nameContains = part
        let packs = try PackNames(library)
        let clips = try library.clips(filter).map { clip in
            ClipRecord(clip, assets: try library.assets(of: clip.id), packs: packs)
        }
        guard !shared.json else {
            try shared.console.print(JSONOutput.document(clips))
            return
        }
        guard !clips.isEmpty else {
            let isFiltered = !tags.isEmpty || part != nil
            shared.console.note(
                isFiltered ? "no clip fits" : "no clips yet; add some with vsdb ingest PATH"
            )
            return
        }
        var table = TextTable([
            .left("ID"), .cut("NAME", to: 12), .right("TIME"), .left("MOTION"),
            .cut("PACK", to: 8), .cut("TAGS", to: 6), .cut("CAPTION", to: 8),
        ])
        for clip in clips {
            table.add([
                String(clip.id.prefix(12)),
                clip.name,
                Wording.range(clip.start, clip.end),
                clip.hasMotion ? "yes" : "no",
                clip.pack,
                clip.tags.joined(separator: ","),
                clip.caption ?? "",
            ])
        }
        try shared.console.printTable(table)
    }

    private func listCompositions(_ library: Library) throws {
        let found = try library.compositions().filter { composition in
            part.map { composition.name.lowercased().contains($0.lowercased()) } ?? true
        }
        guard !shared.json else {
            try shared.console.print(JSONOutput.document(found.map(CompositionRecord.init)))
            return
        }
        guard !found.isEmpty else {
            shared.console.note(
                part == nil
                    ? "no compositions yet; save one with vsdb compose --save NAME"
                    : "no composition fits"
            )
            return
        }
        var table = TextTable([
            .left("HASH"), .cut("NAME", to: 12), .left("SAVED"), .cut("CLIPS", to: 12),
        ])
        for composition in found {
            table.add([
                String(composition.hash.prefix(12)),
                composition.name,
                composition.added.formatted(.iso8601),
                composition.parents.map { name(of: $0, library) }.joined(separator: ", "),
            ])
        }
        try shared.console.printTable(table)
    }

    private func name(of id: ClipID, _ library: Library) -> String {
        (try? library.clip(id).name) ?? "\(id.short) (removed)"
    }
}
