import Tensors

/// Rows with aligned columns; on a terminal texts are cut so that no line wraps.
struct TextTable {
    /// A column: its heading, and how its texts are set.
    struct Column {
        let title: String
        var isRight = false
        /// The least width to which its texts may be cut; nil if they are shown whole.
        var leastWidth: Int?
        /// The width that one long text does not take from the other rows and columns; nil for any.
        var usualWidth: Int?

        /// Texts that are shown whole, flush left.
        static func left(_ title: String) -> Column { Column(title: title) }

        /// Numbers, flush right.
        static func right(_ title: String) -> Column { Column(title: title, isRight: true) }

        /// Texts that may be cut.
        static func cut(_ title: String, to leastWidth: Int) -> Column {
            Column(title: title, leastWidth: leastWidth)
        }

        /// Names, which are short as a rule: one of 255 bytes is no reason for a column of them.
        static func name(_ title: String) -> Column {
            Column(title: title, leastWidth: 12, usualWidth: 40)
        }
    }

    private static let gap = "  "

    private let columns: [Column]
    private var rows: [[String]]

    /// Starts a table with columns.
    init(_ columns: [Column]) {
        self.columns = columns
        rows = [columns.map(\.title)]
    }

    /// Adds a row with a text for every column.
    mutating func add(_ row: [String]) {
        precondition(row.count == columns.count, "\(row.count) cells, \(columns.count) columns")
        rows.append(
            row.map { String($0.map { $0.isNewline || $0 == "\t" ? " " : $0 }).withoutControls }
        )
    }

    /// The lines, headings first.
    ///
    /// - Parameter width: The columns of the terminal; nil for no limit.
    /// - Returns: One line a row, without white space at its end.
    func lines(width: Int?) -> [String] {
        let widths = columnWidths(width)
        return rows.map { row in
            let cells = row.indices.map { column in
                // Without a terminal nothing is cut: a long text moves its own row.
                let text = width == nil ? row[column] : Self.cut(row[column], to: widths[column])
                return pad(text, widths[column], columns[column])
            }
            var line = Self.cut(cells.joined(separator: Self.gap), to: width ?? .max)
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// The widths that fit, taken from the last columns first: the first ones name the row.
    private func columnWidths(_ limit: Int?) -> [Int] {
        var widths = columns.indices.map { column in
            rows.map { $0[column].count }.max() ?? 0
        }
        var excess =
            limit.map { widths.reduce(0, +) + Self.gap.count * (widths.count - 1) - $0 } ?? .max
        for column in columns.indices {
            guard excess > 0, let usual = columns[column].usualWidth else { continue }
            let given = max(0, min(excess, widths[column] - usual))
            widths[column] -= given
            excess -= given
        }
        guard limit != nil else { return widths }
        for column in columns.indices.reversed() {
            guard excess > 0, let least = columns[column].leastWidth else { continue }
            let given = max(0, min(excess, widths[column] - least))
            widths[column] -= given
            excess -= given
        }
        return widths
    }

    private func pad(_ text: String, _ width: Int, _ column: Column) -> String {
        let padding = String(repeating: " ", count: max(0, width - text.count))
        return column.isRight ? padding + text : text + padding
    }

    private static func cut(_ text: String, to width: Int) -> String {
        text.count > width ? text.prefix(max(0, width - 1)) + "\u{2026}" : text
    }
}
