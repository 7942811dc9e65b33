/// Rows with aligned columns; on a terminal the widest texts are cut so that no line wraps.
struct TextTable {
    /// How a column is set.
    enum Alignment {
        case left
        case right
    }

    /// The least width to which a column is cut.
    private static let leastWidth = 8
    private static let gap = "  "

    private let titles: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    /// Starts a table with columns.
    init(_ columns: [(title: String, alignment: Alignment)]) {
        titles = columns.map(\.title)
        alignments = columns.map(\.alignment)
    }

    /// Adds a row with a text for every column.
    mutating func add(_ row: [String]) {
        precondition(row.count == titles.count, "\(row.count) cells, \(titles.count) columns")
        rows.append(row.map { String($0.map { $0.isNewline ? " " : $0 }) })
    }

    /// The lines, headings first.
    ///
    /// - Parameter width: The columns of the terminal; nil for no limit.
    /// - Returns: One line a row, without white space at its end.
    func lines(width: Int?) -> [String] {
        let widths = columnWidths(width)
        return ([titles] + rows).map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                if column > 0 { line += Self.gap }
                line += set(cell, widths[column], alignments[column])
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private func columnWidths(_ limit: Int?) -> [Int] {
        var widths = titles.indices.map { column in
            ([titles] + rows).map { $0[column].count }.max() ?? 0
        }
        guard let limit else { return widths }
        var excess = widths.reduce(0, +) + Self.gap.count * (widths.count - 1) - limit
        while excess > 0, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }),
            widths[widest] > Self.leastWidth
        {
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private func set(_ cell: String, _ width: Int, _ alignment: Alignment) -> String {
        let text = cell.count > width ? cell.prefix(max(0, width - 1)) + "…" : cell[...]
        let padding = String(repeating: " ", count: max(0, width - text.count))
        return alignment == .left ? text + padding : padding + text
    }
}
