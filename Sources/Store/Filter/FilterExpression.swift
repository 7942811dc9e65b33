/// A condition on clips, such as `duration > 2 and caption contains "dress"`.
///
/// `docs/filters.md` describes the language. Values never become a part of the SQL: each is bound
/// to a question mark.
public struct FilterExpression: Sendable, Equatable {
    /// The greatest length in bytes of UTF-8.
    public static let byteLimit = 10_000
    /// The greatest number of comparisons.
    public static let testLimit = 200
    /// The greatest number of values in all comparisons together.
    public static let valueLimit = 500
    /// How deeply parentheses and negations may be nested.
    public static let depthLimit = 50

    /// The names of all fields, in the order of the documentation.
    public static var fieldNames: [String] { FilterField.allCases.map(\.rawValue) }

    /// What was written.
    public let text: String
    let root: FilterNode

    /// Reads a condition.
    ///
    /// - Parameter text: What the user wrote.
    /// - Throws: `StoreError`, `.invalidValue`, whose text repeats the condition with a caret under
    ///   the place that is wrong, and says what is expected there.
    public init(_ text: String) throws(StoreError) {
        self.text = text
        root = try FilterParser.parse(text)
    }
}
