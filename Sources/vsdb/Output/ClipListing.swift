import Store

/// A list of clips as `vsdb list` and `vsdb collection list` print it.
struct ClipListing {
    private let clips: [ClipRecord]

    /// Reads the clips that meet a filter.
    ///
    /// - Throws: `StoreError`.
    init(_ library: Library, _ filter: ClipFilter) throws {
        try self.init(library, try library.clips(filter), filter)
    }

    /// Takes clips that were read with a filter, or the first of them.
    ///
    /// - Throws: `StoreError`.
    init(_ library: Library, _ found: [Clip], _ filter: ClipFilter) throws {
        let packs = try PackNames(library)
        let assets = try library.assets(ofClips: filter)
        clips = found.map { clip in
            ClipRecord(clip, assets: assets[clip.id] ?? [], packs: packs)
        }
    }

    /// Prints a form, or a note if there is nothing for a table.
    func print(
        _ shared: SharedOptions,
        _ format: FindOptions.Format = .table,
        ifEmpty note: String
    ) throws {
        switch shared.json ? .json : format {
        case .json: try shared.console.print(JSONOutput.document(clips))
        case .csv: try shared.console.print(csv)
        case .table: try printTable(shared, ifEmpty: note)
        }
    }

    private var csv: String {
        let lines = clips.map { clip in
            CSV.line([
                clip.name, clip.id, Wording.trimmed(clip.start), Wording.trimmed(clip.end),
                Wording.trimmed(clip.duration), clip.hasMotion ? "yes" : "no", clip.pack,
                clip.tags.joined(separator: ","), clip.caption ?? "", clip.source.path,
            ])
        }
        return (["name,id,start,end,duration,motion,pack,tags,caption,source"] + lines)
            .joined(separator: "\n")
    }

    private func printTable(_ shared: SharedOptions, ifEmpty note: String) throws {
        guard !clips.isEmpty else {
            shared.console.note(note)
            return
        }
        var table = TextTable([
            .left("ID"), .name("NAME"), .right("TIME"), .left("MOTION"),
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
