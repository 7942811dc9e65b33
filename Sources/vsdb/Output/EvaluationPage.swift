import Pipelines
import Tensors

/// An evaluation as people read it: facts, a table for each section, and what is missing.
struct EvaluationPage {
    private let report: EvaluationReport

    init(_ report: EvaluationReport) { self.report = report }

    /// What was measured, with which weights and frames.
    var facts: [(name: String, value: String)] {
        var facts = [
            ("of", report.subject),
            ("pack", "\(report.pack) \(report.fingerprint.prefix(12))"),
            ("weights", hashes(report.weights)),
        ]
        if !report.judges.isEmpty { facts.append(("judges", hashes(report.judges))) }
        facts.append(("precision", report.precision.rawValue))
        let counts = report.counts.sorted { $0.key < $1.key }.filter { $0.value > 0 }
        facts.append(("counts", counts.map { "\($0.value) \($0.key)" }.joined(separator: ", ")))
        facts += report.frameProtocol.enumerated().map { ($0 == 0 ? "frames" : "", $1) }
        return facts.map { (name: $0.0, value: $0.1) }
    }

    /// Prints everything.
    ///
    /// - Throws: `OutputError`.
    func print(_ console: Console) throws {
        try console.printFacts(facts)
        for section in report.sections {
            try console.print("")
            try console.print(console.styled(section.title, .heading))
            try console.printTable(table(section))
        }
        if !report.missing.isEmpty {
            try console.print("")
            try console.print("Not measured")
            for text in report.missing { try console.print("  " + text) }
        }
        console.note("measured in \(Wording.clock(report.seconds))")
        if let sheet = report.sheet { try console.print(sheet) }
    }

    private func hashes(_ all: [String: String]) -> String {
        all.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.prefix(12))" }
            .joined(separator: ", ")
    }

    private func table(_ section: EvaluationReport.Section) -> TextTable {
        var table = TextTable(
            [.left("")] + section.columns.map { .right($0.title) } + [.right("n")]
        )
        for row in section.rows {
            let cells = section.columns.map { column in
                row.values[column.key].map { Wording.decimal($0, digits: column.digits) } ?? ""
            }
            table.add([row.name] + cells + [String(row.counts.values.max() ?? 0)])
        }
        return table
    }
}
