import ArgumentParser
import Store

/// `--where`, wherever clips can be chosen by a condition.
struct FilterOption: ParsableArguments {
    @Option(
        name: [.customLong("where"), .customLong("filter")],
        help: ArgumentHelp(
            "Only clips that meet a condition, as 'duration >= 2 and tag = walk'.",
            discussion: """
                Fields: \(FilterExpression.fieldNames.joined(separator: ", ")). Comparisons: = != \
                < <= > >= contains starts ends matches in. Joined by and, or, not and parentheses; \
                see docs/filters.md.
                """,
            valueName: "condition"
        )
    )
    var condition: String?

    /// The condition, read before anything is opened.
    ///
    /// - Throws: `StoreError`, `.invalidValue`, with a caret under what is wrong.
    func expression() throws(StoreError) -> FilterExpression? {
        guard let condition else { return nil }
        return try FilterExpression(condition)
    }
}
