/// Lines of comma-separated values.
///
/// Source: RFC 4180, section 2.
enum CSV {
    /// A line of cells, those in quotes that need them.
    static func line(_ cells: [String]) -> String { cells.map(quoted).joined(separator: ",") }

    private static func quoted(_ cell: String) -> String {
        // Scalars, not characters: a comma with an accent is one character that is no comma.
        let scalars = cell.unicodeScalars
        let needsQuotes = scalars.contains { $0 == "," || $0 == "\"" || Character($0).isNewline }
        guard needsQuotes else { return cell }
        var quoted = String.UnicodeScalarView()
        for scalar in scalars {
            quoted.append(contentsOf: scalar == "\"" ? [scalar, scalar] : [scalar])
        }
        return "\"" + String(quoted) + "\""
    }
}
