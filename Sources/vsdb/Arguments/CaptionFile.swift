import ArgumentParser
import Foundation

/// Captions by file name, from JSON or CSV.
enum CaptionFile {
    /// Reads an object `{"file.mp4": "caption"}`, or lines `file.mp4,caption`.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - flag: The option that named it, for messages.
    /// - Returns: The captions by file name.
    /// - Throws: `ValidationError` that names the file and what is expected.
    static func read(_ path: String, flag: String = "--captions") throws -> [String: String] {
        let place = "\(flag) \"\(path)\""
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("\(place): no readable file is there")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw ValidationError("\(place): it is not UTF-8 text")
        }
        let start = text.first { !$0.isWhitespace }
        guard start != "{", start != "[" else { return try parseJSON(data, place) }
        return try parseCSV(text, place)
    }

    private static func parseJSON(_ data: Data, _ place: String) throws -> [String: String] {
        do {
            return try JSONDecoder().decode([String: String].self, from: data)
        } catch {
            throw ValidationError(
                "\(place): it must be one JSON object of file names and captions, "
                    + #"as {"anna.mp4": "a woman in a red dress"}"#
            )
        }
    }

    private static func parseCSV(_ text: String, _ place: String) throws -> [String: String] {
        var captions: [String: String] = [:]
        for (index, row) in CSVRows.parse(text).enumerated() {
            if row.allSatisfy(\.isEmpty) || (index == 0 && row == ["file", "caption"]) { continue }
            guard row.count == 2, !row[0].isEmpty else {
                throw ValidationError(
                    "\(place), row \(index + 1): it has \(row.count) columns, "
                        + "expected file,caption; put a caption with commas in double quotes"
                )
            }
            captions[row[0]] = row[1]
        }
        return captions
    }
}

/// Comma-separated values.
///
/// Source: RFC 4180, section 2.
enum CSVRows {
    /// The rows of a text; quotes keep commas, line ends and doubled quotes.
    static func parse(_ text: String) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field = ""
        var isQuoted = false
        var characters = text[...]
        while let character = characters.popFirst() {
            switch character {
            case "\"" where isQuoted && characters.first == "\"":
                field.append("\"")
                characters.removeFirst()
            case "\"" where isQuoted || field.isEmpty:
                isQuoted.toggle()
            case "," where !isQuoted:
                row.append(field)
                field = ""
            case _ where character.isNewline && !isQuoted:
                rows.append(row + [field])
                (row, field) = ([], "")
            default:
                field.append(character)
            }
        }
        if !field.isEmpty || !row.isEmpty { rows.append(row + [field]) }
        return rows
    }
}
