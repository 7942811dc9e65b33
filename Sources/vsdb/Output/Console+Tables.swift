import Tensors

extension Console {
    /// Prints a table, headings in bold, cut to the terminal's width.
    func printTable(_ table: TextTable) throws {
        let lines = table.lines(width: Self.terminalWidth(1))
        guard let heading = lines.first else { return }
        try print(([styled(heading, .heading)] + lines.dropFirst()).joined(separator: "\n"))
    }

    /// Prints pairs of a word and what it is, the values aligned and without orders to a terminal.
    func printFacts(_ facts: [(name: String, value: String)]) throws {
        let width = facts.map(\.name.count).max() ?? 0
        let lines = facts.map { fact in
            let gap = String(repeating: " ", count: width - fact.name.count + 2)
            return styled(fact.name, .dim) + gap + fact.value.withoutControls
        }
        try print(lines.joined(separator: "\n"))
    }
}
