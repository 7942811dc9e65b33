import Foundation

/// One line of the table.
struct BenchRow: Codable {
    /// What was measured.
    let name: String
    /// The median of our readings.
    let ours: Double
    /// The median of the peer's readings, taken in turn with ours.
    let peer: Double?
    /// The unit of both; smaller is better.
    let unit: String
    /// How many times ours the peer's is.
    let ratio: Double?
    /// The arithmetic of the plain algorithm as a share of what the machine can do; Winograd's goes beyond 1.
    let peakShare: Double?
    /// Our readings, in the order in which they were taken.
    let readings: [Double]
}

/// The figures of one run, with what they were taken on.
struct BenchReport: Codable {
    let date: Date
    let machine: [String: String]
    /// The version of vsdb.
    let vsdb: String
    /// Names and versions of the peers; nil if they are not installed.
    let peers: String?
    let peak: MachinePeak
    let rows: [BenchRow]

    /// Where a run leaves its figures, kept in the repository.
    static func file(_ name: String) -> String { "Benchmarks/results/\(name).json" }
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
        try (encoder.encode(self) + Data("\n".utf8)).write(to: url, options: .atomic)
        print("written to \(file)")
    }

    /// The machine, then a line a row; `before` is what an earlier run found.
    func table(against earlier: BenchReport?) -> String {
        var cells = [["measure", "ours", "min", "max", "peer", "unit", "ratio", "peak", "before"]]
        for row in rows {
            let before = earlier?.rows.first { $0.name == row.name }
            cells.append([
                row.name, digits(row.ours), digits(row.readings.min()),
                digits(row.readings.max()), digits(row.peer), row.unit,
                row.ratio.map { String(format: "%.2f", $0) } ?? "",
                row.peakShare.map { String(format: "%.0f %%", 100 * $0) } ?? "",
                digits(before?.ours),
            ])
        }
        let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        let lines = cells.map { row in
            row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return [0, 5].contains(column) ? cell + padding : padding + cell
            }.joined(separator: "  ")
        }
        var facts = machine
        facts["vsdb"] = vsdb
        facts["peers"] = peers ?? "not installed; make bench-peers does"
        facts["peak"] =
            "float32 \(digits(peak.float32)), float64 \(digits(peak.float64)), bfloat16 "
            + "\(digits(peak.bfloat16)) GFLOP/s, reading \(digits(peak.read)) GB/s"
        let head = facts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return (head + [""] + lines).joined(separator: "\n")
    }

    private func digits(_ value: Double?) -> String {
        value?.formatted(.number.precision(.significantDigits(3)).grouping(.never)) ?? ""
    }
}
