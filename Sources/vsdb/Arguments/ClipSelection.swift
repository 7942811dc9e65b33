import ArgumentParser
import Store

/// The clips that a command changes: named one by one, or chosen by a condition.
struct ClipSelection: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Names, segments or first digits of ids; a name alone stands for all its segments.",
            valueName: "ref"
        )
    )
    var references: [String] = []

    @OptionGroup var filter: FilterOption

    func validate() throws {
        try Self.check(references.isEmpty, filter)
    }

    /// Requires either names or a condition.
    ///
    /// - Throws: `ValidationError` that says what to give.
    static func check(_ isEmpty: Bool, _ filter: FilterOption) throws {
        guard isEmpty == (filter.condition != nil) else {
            throw ValidationError(
                isEmpty
                    ? "no clips: name them, or choose them with --where CONDITION"
                    : "clips are named or chosen with --where, not both"
            )
        }
    }

    /// Opens the library and looks the clips up; a wrong condition is told before.
    ///
    /// - Parameters:
    ///   - shared: Which library.
    ///   - collection: Where alone clips that meet a condition are looked for; nil for anywhere.
    /// - Returns: The library and the clips.
    /// - Throws: `StoreError`; then no clip was changed.
    func open(
        _ shared: SharedOptions,
        collection: String? = nil
    ) throws -> (library: Library, clips: [Clip]) {
        try Self.open(shared, references, filter, collection: collection)
    }

    /// Opens the library and looks up clips by name or by a condition.
    ///
    /// - Throws: `StoreError`.
    static func open(
        _ shared: SharedOptions,
        _ references: [String],
        _ filter: FilterOption,
        collection: String? = nil
    ) throws -> (library: Library, clips: [Clip]) {
        let expression = try filter.expression()
        let library = try shared.openLibrary()
        guard let expression else { return (library, try library.clips(named: references)) }
        var conditions = ClipFilter()
        conditions.expression = expression
        conditions.collection = collection
        let clips = try library.clips(conditions)
        if clips.isEmpty { shared.console.note("no clip meets the condition") }
        return (library, clips)
    }
}
