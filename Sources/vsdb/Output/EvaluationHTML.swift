import Foundation
import Pipelines
import Tensors

/// An evaluation as one page of HTML that needs no other file.
struct EvaluationHTML {
    private let report: EvaluationReport

    init(_ report: EvaluationReport) { self.report = report }

    /// Writes the page; the sheet, if there is one, is inside it.
    ///
    /// - Throws: An error of Foundation.
    func write(to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }

    private static let style = """
        body { font: 15px sans-serif; margin: 2em auto; max-width: 70em; color: #222 }
        table { border-collapse: collapse; margin: 0 0 1.5em } td, th { padding: .2em .7em }
        td:not(:first-child), th:not(:first-child) { text-align: right }
        tr:nth-child(even) { background: #f3f3f3 } th { border-bottom: 1px solid #999 }
        dt { float: left; width: 7em; color: #777 } dd { margin: 0 0 .2em 7em } img { max-width: 100% }
        """

    private var text: String {
        let facts = EvaluationPage(report).facts.map { fact in
            "<dt>\(escaped(fact.name))&nbsp;</dt><dd>\(escaped(fact.value))</dd>"
        }
        let missing = report.missing.map { "<li>\(escaped($0))</li>" }
        return """
            <!doctype html>
            <meta charset="utf-8">
            <title>\(escaped(report.pack)): vsdb eval</title>
            <style>\(Self.style)</style>
            <h1>\(escaped(report.pack))</h1>
            <dl>\(facts.joined(separator: "\n"))</dl>
            \(report.sections.map(table).joined(separator: "\n"))
            \(missing.isEmpty ? "" : "<h2>Not measured</h2><ul>\(missing.joined())</ul>")
            \(image)

            """
    }

    private func table(_ section: EvaluationReport.Section) -> String {
        let heads = section.columns.map { "<th>\(escaped($0.title))</th>" }.joined()
        let rows = section.rows.map { row in
            let cells = section.columns.map { column in
                let value = row.values[column.key].map {
                    Wording.decimal($0, digits: column.digits)
                }
                return "<td>\(value ?? "")</td>"
            }
            let count = row.counts.values.max() ?? 0
            return "<tr><td>\(escaped(row.name))</td>\(cells.joined())<td>\(count)</td></tr>"
        }
        return """
            <h2>\(escaped(section.title))</h2>
            <table><tr><th></th>\(heads)<th>n</th></tr>\(rows.joined(separator: "\n"))</table>
            """
    }

    private var image: String {
        guard let sheet = report.sheet, let data = FileManager.default.contents(atPath: sheet)
        else {
            return ""
        }
        let kind = sheet.lowercased().hasSuffix("png") ? "png" : "jpeg"
        return "<h2>Sheet</h2><img alt=\"results beside the truth\" "
            + "src=\"data:image/\(kind);base64,\(data.base64EncodedString())\">"
    }

    private func escaped(_ text: String) -> String {
        text.withoutControls.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }
}
