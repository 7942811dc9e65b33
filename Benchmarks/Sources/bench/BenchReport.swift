import Foundation

/// The figures of one run.
struct BenchReport: Codable {
    /// Where each run leaves its figures.
    static let latestFile = "Benchmarks/results/latest.json"
    /// The figures to compare with, kept in the repository.
    static let baselineFile = "Benchmarks/results/baseline.json"

    let date: Date
    let machine: [String: String]
    let measures: [Measure]
}

extension BenchReport {
    init(file: String) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        self = try decoder.decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
    }

    func write(to file: String) throws {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let url = URL(fileURLWithPath: file)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try encoder.encode(self).write(to: url, options: .atomic)
    }

    /// The machine, then a line per measure: median, range, number of readings and the baseline's median.
    func table(against baseline: BenchReport?) -> String {
        var rows = [["measure", "median", "min", "max", "n", "unit", "baseline"]]
        for measure in measures {
            let before = baseline?.measures.first { $0.name == measure.name }
            rows.append([
                measure.name, digits(measure.median), digits(measure.readings.min() ?? 0),
                digits(measure.readings.max() ?? 0), String(measure.readings.count), measure.unit,
                before.map { digits($0.median) } ?? "-",
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return [0, 5].contains(column) ? cell + padding : padding + cell
            }.joined(separator: "  ")
        }
        let facts = machine.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return (facts + [""] + lines).joined(separator: "\n")
    }

    private func digits(_ value: Double) -> String {
        value.formatted(.number.precision(.significantDigits(3)).grouping(.never))
    }
}
