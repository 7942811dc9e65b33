import Foundation

/// One way to search, as it was measured.
struct SearchRow: Codable {
    let name: String
    /// Milliseconds of a query, by mask: the median.
    var milliseconds: [Double] = []
    /// How many of the k nearest were found, by mask: the mean share.
    var recall: [Double] = []
    /// Rows that were compared by all their numbers, by mask: the mean; empty where nobody says it.
    var compared: [Double] = []
    /// Rows that were added in a second.
    var ingest: Double?
    /// Megabytes on the disk.
    var megabytes: Double?
}

/// Ways to search in the same rows.
struct SearchTable: Codable {
    let title: String
    var rows: [SearchRow]

    /// The rows in Markdown.
    var text: String {
        let masks = SearchData.masks
        let head =
            ["search"] + masks.map { "\($0) cells, ms" } + ["recall@10", "rows compared"]
            + ["rows/s added", "MB"]
        let lines = rows.map { row in
            [row.name] + row.milliseconds.map { digits($0) }
                + [
                    row.recall.map { String(format: "%.3f", $0) }.joined(separator: " "),
                    row.compared.map { String(Int($0.rounded())) }.joined(separator: " "),
                    row.ingest.map { String(Int($0.rounded())) } ?? "",
                    row.megabytes.map { digits($0) } ?? "",
                ]
        }
        let rule = head.indices.map { $0 == 0 ? "---" : "---:" }
        let cells = [head, rule] + lines
        return ([title, ""] + cells.map { "| " + $0.joined(separator: " | ") + " |" })
            .joined(separator: "\n")
    }

    private func digits(_ value: Double) -> String {
        value.formatted(.number.precision(.significantDigits(3)).grouping(.never))
    }
}

/// The figures of one run, with what they were taken on.
struct SearchReport: Codable {
    let date: Date
    let machine: [String: String]
    let peers: String?
    /// GB/s of memory that one thread reads, and all.
    let read: [Double]
    var tables: [SearchTable] = []

    /// Leaves the figures where the other ones are.
    func write() throws {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let file = BenchReport.file("search")
        try (encoder.encode(self) + Data("\n".utf8))
            .write(to: URL(fileURLWithPath: file), options: .atomic)
        print("written to \(file)")
    }
}
