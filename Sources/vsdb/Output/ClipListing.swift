import Store

/// A list of clips as `vsdb list` and `vsdb collection list` print it.
struct ClipListing {
    private let clips: [ClipRecord]

    /// Reads the clips that meet a filter.
    ///
    /// - Throws: `StoreError`.
    init(_ library: Library, _ filter: ClipFilter) throws {
        let packs = try PackNames(library)
        let assets = try library.assets(ofClips: filter)
        clips = try library.clips(filter).map { clip in
            ClipRecord(clip, assets: assets[clip.id] ?? [], packs: packs)
        }
    }

    /// Prints JSON, a table, or a note if there is nothing to list.
    func print(_ shared: SharedOptions, ifEmpty note: String) throws {
        guard !shared.json else {
            try shared.console.print(JSONOutput.document(clips))
            return
        }
        guard !clips.isEmpty else {
            shared.console.note(note)
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
}
