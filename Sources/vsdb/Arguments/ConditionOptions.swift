import ArgumentParser
import Store

/// Which clips of which pack a command looks at.
struct ConditionOptions: ParsableArguments {
    @OptionGroup var filter: FilterOption

    @OptionGroup var tags: TagsOption

    @Option(help: ArgumentHelp("Only clips of this collection.", valueName: "name"))
    var collection: String?

    @Option(
        help: ArgumentHelp(
            "The pack whose clips are looked at; that of a named clip, or the library's default.",
            valueName: "name"
        )
    )
    var pack: String?

    /// The conditions.
    ///
    /// - Throws: `StoreError`, `.invalidValue`, with a caret under what is wrong.
    func conditions() throws(StoreError) -> ClipFilter {
        var conditions = ClipFilter()
        conditions.expression = try filter.expression()
        conditions.tags = tags.words
        conditions.collection = collection
        return conditions
    }

    /// Whether any condition is set.
    var isFiltered: Bool { filter.condition != nil || !tags.words.isEmpty || collection != nil }

    /// What to say of a library of which no clip was looked at.
    func emptiness(pack: String) -> String {
        isFiltered
            ? "no clip of pack \(pack) fits"
            : "no clips of pack \(pack) yet; add some with vsdb ingest PATH"
    }
}
