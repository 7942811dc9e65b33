import ArgumentParser
import Foundation
import Pipelines

/// Boxes by file name, from JSON or CSV.
enum BoxFile {
    /// One box of a JSON document, with its seconds or without.
    private enum Entry: Decodable {
        case whole([Double])
        case parts([Part])

        struct Part: Decodable {
            let box: [Double]
            let start: Double?
            let end: Double?
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let box = try? container.decode([Double].self) {
                self = .whole(box)
            } else {
                self = .parts(try container.decode([Part].self))
            }
        }

        var parts: [Part] {
            switch self {
            case .whole(let box): [Part(box: box, start: nil, end: nil)]
            case .parts(let parts): parts
            }
        }
    }

    private static let columns = ["file", "x", "y", "width", "height"]
    private static let timedColumns = columns + ["start", "end"]

    /// Reads `{"a.mp4": [x, y, width, height]}`, the same with seconds, or lines `a.mp4,x,y,width,height`.
    ///
    /// - Throws: `ValidationError` that names the file, the place and what is expected.
    static func read(_ path: String) throws -> [String: [TimedBox]] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("--boxes \"\(path)\": no readable file is there")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw ValidationError("--boxes \"\(path)\": it is not UTF-8 text")
        }
        let isJSON = text.first { !$0.isWhitespace } == "{"
        let boxes = isJSON ? try parseJSON(data, path) : try parseCSV(text, path)
        guard !boxes.isEmpty else { throw ValidationError("--boxes \"\(path)\": it has no box") }
        return boxes
    }

    private static func parseJSON(_ data: Data, _ path: String) throws -> [String: [TimedBox]] {
        let files: [String: Entry]
        do {
            files = try JSONDecoder().decode([String: Entry].self, from: data)
        } catch {
            throw ValidationError(
                "--boxes \"\(path)\": it must be one JSON object of file names and boxes, as "
                    + #"{"anna.mp4": [40, 0, 640, 640]} or "#
                    + #"{"anna.mp4": [{"box": [40, 0, 640, 640], "start": 0, "end": 2}]}"#
            )
        }
        return try Dictionary(
            uniqueKeysWithValues: files.map { file, entry in
                let boxes = try entry.parts.map { part in
                    try timed(part.box, part.start, part.end, "\"\(path)\", file \"\(file)\"")
                }
                return (file, boxes)
            }
        )
    }

    private static func parseCSV(_ text: String, _ path: String) throws -> [String: [TimedBox]] {
        var boxes: [String: [TimedBox]] = [:]
        for (index, row) in CSVRows.parse(text).enumerated() {
            let isHeader = index == 0 && (row == columns || row == timedColumns)
            if row.allSatisfy(\.isEmpty) || isHeader { continue }
            let place = "\"\(path)\", row \(index + 1)"
            if index == 0, row.dropFirst().allSatisfy({ Double($0) == nil }) {
                throw ValidationError(
                    "--boxes \(place): the header is \(row.joined(separator: ",")), expected "
                        + "\(columns.joined(separator: ",")) and, if wanted, start,end"
                )
            }
            guard row.count == columns.count || row.count == timedColumns.count, !row[0].isEmpty
            else {
                throw ValidationError(
                    "--boxes \(place): it has \(row.count) columns, expected "
                        + "\(columns.joined(separator: ",")) and, if wanted, start,end in seconds"
                )
            }
            let numbers = row.dropFirst().map { $0.trimmingCharacters(in: .whitespaces) }
            let box = numbers.prefix(4).map { Double($0) ?? .nan }
            let times = try numbers.dropFirst(4).map { try seconds($0, place) }
            boxes[row[0], default: []].append(
                try timed(box, times.first ?? nil, times.last ?? nil, place)
            )
        }
        return boxes
    }

    /// Seconds in a column that may be empty.
    private static func seconds(_ text: String, _ place: String) throws -> Double? {
        guard !text.isEmpty else { return nil }
        guard let value = Double(text), value.isFinite else {
            throw ValidationError("--boxes \(place): \"\(text)\" is no number of seconds")
        }
        return value
    }

    private static func timed(
        _ numbers: [Double],
        _ start: Double?,
        _ end: Double?,
        _ place: String
    ) throws -> TimedBox {
        let limit = 100_000.0
        guard numbers.count == 4, numbers.allSatisfy({ abs($0) <= limit }),
            numbers[2] >= 1, numbers[3] >= 1
        else {
            throw ValidationError(
                "--boxes \(place): a box is x,y,width,height in pixels of the upright frame, up to "
                    + "\(Int(limit)), with a width and height of at least 1"
            )
        }
        let (first, last) = (start ?? 0, end ?? .infinity)
        guard first >= 0, last > first else {
            throw ValidationError(
                "--boxes \(place): a box holds from a second of 0 or more to a later one"
            )
        }
        let pixels = numbers.map { Int($0.rounded()) }
        return TimedBox(
            FrameBox(x: pixels[0], y: pixels[1], width: pixels[2], height: pixels[3]),
            start: first,
            end: last
        )
    }
}
