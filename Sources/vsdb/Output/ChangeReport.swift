import Store

/// What a command changed of some clips.
struct ChangeReport: Encodable {
    /// The names of the clips that are not as before.
    let changed: [String]
    /// The names of those that were so already.
    let unchanged: [String]

    init(of clips: [Clip], changed ids: some Sequence<ClipID>) {
        let ids = Set(ids)
        changed = clips.filter { ids.contains($0.id) }.map(\.name)
        unchanged = clips.filter { !ids.contains($0.id) }.map(\.name)
    }

    /// Says it as JSON, or in a line.
    ///
    /// - Parameters:
    ///   - shared: Where and how to write.
    ///   - text: The line: what was done to a number of clips.
    ///   - rest: How the others were already.
    /// - Throws: `OutputError`.
    func print(
        _ shared: SharedOptions,
        _ text: (String) -> String,
        rest: String
    ) throws {
        guard !shared.json else {
            try shared.console.print(JSONOutput.document(self))
            return
        }
        let others = "\(Wording.count(unchanged.count, "clip")) \(rest)"
        guard !changed.isEmpty else {
            try shared.console.report("nothing changed" + (unchanged.isEmpty ? "" : "; \(others)"))
            return
        }
        let done = text(Wording.count(changed.count, "clip"))
        try shared.console.report(done + (unchanged.isEmpty ? "" : "; \(others)"))
    }
}
