import Pipelines

/// Says what a bundle, or another library, brought.
struct MergeListing {
    let report: MergeReport

    /// Prints it.
    ///
    /// - Throws: `OutputError`.
    func print(_ shared: SharedOptions) throws {
        let console = shared.console
        if let warning = report.warning { console.alarm(warning) }
        guard !shared.json else {
            try console.print(JSONOutput.line(report))
            return
        }
        for item in report.renamed {
            console.note(
                item.new.map { "\(item.kind) \(item.old) is called \($0) here" }
                    ?? "\(item.kind) \(item.old) would get another name: its own is taken"
            )
        }
        let line = "\(report.source): \(summary)"
        try report.isDryRun ? console.print(line) : console.report(line)
    }

    private var summary: String {
        let verb = report.isDryRun ? "would be added" : "added"
        var parts = ["\(Wording.count(report.added, "clip")) \(verb)"]
        if report.known > 0 { parts.append("\(report.known) known already") }
        if report.labelled > 0 { parts.append("\(report.labelled) of them got tags or a caption") }
        for (names, noun) in [
            (report.packs, "pack"), (report.compositions, "composition"),
            (report.collections, "collection"),
        ] where !names.isEmpty {
            parts.append(Wording.count(names.count, noun))
        }
        return parts.joined(separator: ", ")
    }
}
