/// A page with the curves of a run: one self-contained HTML file, readable offline.
public struct LossPlot {
    private static let width = 420.0
    private static let height = 190.0
    private static let margin = (left: 58.0, right: 12.0, top: 10.0, bottom: 26.0)

    private let title: String
    private let lines: [LogLine]
    private let measurements: [CheckpointMeasures]
    private let facts: [(String, String)]
    private let sheets: [String]

    /// Collects what the page shows.
    ///
    /// - Parameters:
    ///   - title: Its heading.
    ///   - lines: The log.
    ///   - measurements: What the checkpoints were measured by.
    ///   - facts: Name and value, above the curves.
    ///   - sheets: Paths of pictures, relative to the page, oldest first; the newest is shown.
    public init(
        title: String,
        lines: [LogLine],
        measurements: [CheckpointMeasures] = [],
        facts: [(String, String)] = [],
        sheets: [String] = []
    ) {
        self.title = title
        self.lines = lines
        self.measurements = measurements
        self.facts = facts
        self.sheets = sheets
    }

    /// The page.
    public var html: String {
        let names = Set(lines.flatMap(\.losses.keys)).sorted { left, right in
            (left == "loss" ? "" : left) < (right == "loss" ? "" : right)
        }
        var curves = names.map { name in
            figure(name, lines.map { (Double($0.step), $0.losses[name] ?? .nan) })
        }
        for name in Set(measurements.flatMap(\.measures.keys)).sorted() {
            let points = measurements.map { (Double($0.step), $0.measures[name] ?? .nan) }
            curves.append(figure("\(name) (held out)", points))
        }
        curves.append(figure("learning rate", lines.map { (Double($0.step), $0.learningRate) }))
        curves.append(figure("gradient norm", lines.map { (Double($0.step), $0.gradientNorm) }))
        curves.append(figure("images/s", lines.map { (Double($0.step), $0.imagesPerSecond) }))
        let rows = facts.map {
            "<tr><th>\(Self.escaped($0.0))</th><td>\(Self.escaped($0.1))</td></tr>"
        }
        let sheet = sheets.last.map {
            "<h2>\(Self.escaped($0))</h2><img src=\"\(Self.escaped($0))\" alt=\"sheet\">"
        }
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>\(Self.escaped(title))</title>
            <style>
            body { font: 14px/1.4 sans-serif; margin: 24px; color: #222; background: #fff }
            h1 { font-size: 20px } h2 { font-size: 15px; margin: 18px 0 4px }
            table { border-collapse: collapse } th { text-align: left; padding: 1px 14px 1px 0; font-weight: 600 }
            .curves { display: flex; flex-wrap: wrap; gap: 14px } figure { margin: 0 }
            figcaption { font-weight: 600 } svg text { font-size: 11px; fill: #555 } img { max-width: 100% }
            </style></head><body>
            <h1>\(Self.escaped(title))</h1>
            <table>\(rows.joined())</table>
            <div class="curves">\(curves.joined(separator: "\n"))</div>
            \(sheet ?? "")
            </body></html>

            """
    }

    /// One curve with its smallest and largest value and step.
    private func figure(_ name: String, _ points: [(Double, Double)]) -> String {
        let points = points.filter { $0.1.isFinite }
        guard let first = points.first, let last = points.last else { return "" }
        let low = points.map(\.1).min() ?? 0
        let high = points.map(\.1).max() ?? 1
        let span = high > low ? high - low : max(high.magnitude, 1e-12)
        let reach = max(last.0 - first.0, 1)
        let (w, h, m) = (Self.width, Self.height, Self.margin)
        let path = points.map { point in
            let x = m.left + (point.0 - first.0) / reach * (w - m.left - m.right)
            let y = m.top + (high - point.1) / span * (h - m.top - m.bottom)
            return "\(Self.rounded(x)),\(Self.rounded(y))"
        }
        let bottom = h - m.bottom
        return """
            <figure><figcaption>\(Self.escaped(name)) \(Self.short(last.1))</figcaption>
            <svg width="\(Int(w))" height="\(Int(h))" role="img">
            <path d="M\(m.left),\(m.top)V\(bottom)H\(w - m.right)" fill="none" stroke="#999"/>
            <polyline points="\(path.joined(separator: " "))" fill="none" stroke="#0b62a4" stroke-width="1.5"/>
            <text x="\(m.left - 4)" y="\(m.top + 9)" text-anchor="end">\(Self.short(high))</text>
            <text x="\(m.left - 4)" y="\(bottom)" text-anchor="end">\(Self.short(low))</text>
            <text x="\(m.left)" y="\(h - 8)">\(Int(first.0))</text>
            <text x="\(w - m.right)" y="\(h - 8)" text-anchor="end">\(Int(last.0)) steps</text>
            </svg></figure>
            """
    }

    private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

    /// Four significant digits.
    static func short(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return "\(value)" }
        var scale = 1.0
        while (value * scale).magnitude < 1000 { scale *= 10 }
        while (value * scale).magnitude >= 10_000 { scale /= 10 }
        return "\((value * scale).rounded() / scale)"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing("\"", with: "&quot;")
    }
}
