import GRDB

/// A condition in SQL with a question mark for every value.
struct SQLCondition {
    /// The SQL, which holds no value of a user.
    var text: String
    /// The values of the question marks, in order.
    var arguments: [any DatabaseValueConvertible] = []

    /// Whether a column is one of some values.
    static func equal(_ column: String, _ values: [String]) -> SQLCondition {
        SQLCondition(text: "\(column) IN (\(marks(values.count)))", arguments: values)
    }

    /// Whether a hash begins with any of some digits, by its index.
    static func begins(_ column: String, _ values: [String]) -> SQLCondition {
        // "g" follows the last hexadecimal digit.
        any(
            values.map { digits in
                SQLCondition(
                    text: "(\(column) >= ? AND \(column) < ?)",
                    arguments: [digits, digits + "g"]
                )
            }
        )
    }

    /// The conditions that must all hold.
    static func all(_ parts: [SQLCondition]) -> SQLCondition { joined(parts, " AND ") }

    /// The conditions of which one must hold.
    static func any(_ parts: [SQLCondition]) -> SQLCondition { joined(parts, " OR ") }

    /// The condition put into a pattern in place of `%`.
    func inside(_ pattern: String) -> SQLCondition {
        SQLCondition(
            text: pattern.split(separator: "%", omittingEmptySubsequences: false)
                .joined(separator: text),
            arguments: arguments
        )
    }

    static func marks(_ count: Int) -> String {
        [String](repeating: "?", count: count).joined(separator: ", ")
    }

    private static func joined(_ parts: [SQLCondition], _ word: String) -> SQLCondition {
        SQLCondition(
            text: "(" + parts.map(\.text).joined(separator: word) + ")",
            arguments: parts.flatMap(\.arguments)
        )
    }
}
