import Foundation

/// What one stage of a full-size pack took.
struct FullSizeStage: Codable {
    /// The pack, or the checkpoints.
    let group: String
    /// What was done.
    let name: String
    let seconds: Double
    /// The largest resident memory of the stage's process, files of weights that are mapped included.
    let peakMebibytes: Double?
    /// The size of the file or folder that was made.
    let bytes: Int?
}

extension FullSizeStage {
    init(_ group: String, _ name: String, _ seconds: Double) {
        (self.group, self.name, self.seconds) = (group, name, seconds)
        (peakMebibytes, bytes) = (nil, nil)
    }

    init(_ group: String, _ name: String, _ child: ChildProcess, file: String? = nil) {
        (self.group, self.name, seconds) = (group, name, child.seconds)
        peakMebibytes = child.peakMebibytes
        bytes = file.map(Self.size)
    }

    /// The bytes of a file, or of all files in a folder.
    private static func size(of path: String) -> Int {
        let files = FileManager.default
        let inside = files.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        return ([path] + inside.map { path + "/" + $0 }).reduce(0) { sum, file in
            // A file that has just gone has no size.
            let facts = try? files.attributesOfItem(atPath: file)
            let isFile = facts?[.type] as? FileAttributeType == .typeRegular
            return sum + (isFile ? facts?[.size] as? Int ?? 0 : 0)
        }
    }
}

/// The figures of one run of all full-size packs.
struct FullSizeReport: Codable {
    /// Where each complete run leaves its figures.
    static let file = "Benchmarks/results/full-size.json"

    let date: Date
    let machine: [String: String]
    let stages: [FullSizeStage]

    /// The machine, then a line per stage.
    var table: String {
        var rows = [["pack", "stage", "seconds", "peak MiB", "file MB"]]
        for stage in stages {
            rows.append([
                stage.group, stage.name, String(format: "%.2f", stage.seconds),
                stage.peakMebibytes.map { String(format: "%.0f", $0) } ?? "",
                stage.bytes.map { String(format: "%.0f", Double($0) / 1e6) } ?? "",
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column < 2 ? cell + padding : padding + cell
            }.joined(separator: "  ")
        }
        let facts = machine.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return (facts + [""] + lines).joined(separator: "\n")
    }

    func write() throws {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let url = URL(fileURLWithPath: Self.file)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try (encoder.encode(self) + Data("\n".utf8)).write(to: url, options: .atomic)
        print("written to \(Self.file)")
    }
}
