import Foundation
import Pipelines
import Store
import Tensors

/// A map as one page of HTML that needs no other file: pictures, points and the program that shows them are inside.
struct MapPage {
    private let map: LibraryMap
    private let pictures: MapPictures?

    init(_ map: LibraryMap, _ pictures: MapPictures?) {
        (self.map, self.pictures) = (map, pictures)
    }

    /// The bytes of the page.
    ///
    /// - Throws: An error of Foundation.
    func bytes() throws -> Data { Data(try text().utf8) }

    /// What the program of the page reads.
    private struct Content: Encodable {
        struct Sheets: Encodable {
            let width: Int
            let height: Int
            let columns: Int
            let rows: Int
            let images: [String]
        }

        struct Clip: Encodable {
            /// Place, in 0...1.
            let x: Double
            let y: Double
            /// The index of the colour; -1 for none.
            let color: Int
            let name: String
            let caption: String
            let tags: [String]
            let seconds: Double
            let neighbours: [Int]
            let scores: [Double]
        }

        let legend: [String]
        let colors: [String]
        let sheets: Sheets?
        let clips: [Clip]
    }

    private var content: Content {
        let legend = map.legend
        let colors = Dictionary(uniqueKeysWithValues: legend.enumerated().map { ($1, $0) })
        func rounded(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }
        return Content(
            legend: legend,
            colors: LibraryMap.legendColors,
            sheets: pictures.map { pictures in
                Content.Sheets(
                    width: pictures.width,
                    height: pictures.height,
                    columns: pictures.columns,
                    rows: pictures.rows,
                    images: pictures.sheets.map {
                        "data:image/jpeg;base64," + $0.base64EncodedString()
                    }
                )
            },
            clips: map.clips.map { mapped in
                Content.Clip(
                    x: rounded(mapped.x),
                    y: rounded(mapped.y),
                    color: mapped.label.flatMap { colors[$0] } ?? -1,
                    name: mapped.clip.name.withoutControls,
                    caption: (mapped.clip.caption ?? "").withoutControls,
                    tags: mapped.clip.tags,
                    seconds: rounded(mapped.clip.duration),
                    neighbours: mapped.neighbours.map(\.place),
                    scores: mapped.neighbours.map { (100 * $0.score).rounded() / 100 }
                )
            }
        )
    }

    private var subject: String {
        "\(Wording.count(map.clips.count, "clip")) by \(map.aspect.rawValue)"
    }

    private var facts: String {
        var facts = ["pack \(map.pack)", "seed \(map.seed)"]
        if let trust = map.trustworthiness {
            facts.append("trustworthiness \(Wording.decimal(trust, digits: 3))")
        }
        if pictures == nil { facts.append("too many clips for pictures") }
        return facts.joined(separator: " \u{00B7} ")
    }

    private func text() throws -> String {
        // No text of a clip may end the element.
        let data = try JSONOutput.line(content).replacing("<", with: "\\u003c")
        return """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
            img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
            <title>\(escaped(subject)): vsdb map</title>
            <style>
            \(Self.style)
            </style>
            <header>
              <h1>\(escaped(subject))</h1>
              <input id="search" type="search" placeholder="Search names, captions, tags" \
            aria-label="Search names, captions and tags">
              <output id="status"></output>
              <span id="buttons">
                <button id="in" aria-label="Zoom in" title="Zoom in (+)">+</button>
                <button id="out" aria-label="Zoom out" title="Zoom out (-)">&minus;</button>
                <button id="all" title="Show all (0)">All</button>
                <button id="theme" title="Dark or light">Theme</button>
              </span>
            </header>
            <main>
              <canvas id="map" tabindex="0" aria-label="Map of clips; arrow keys move it"></canvas>
              <div id="tip" hidden></div>
              <aside id="panel" hidden aria-live="polite"></aside>
            </main>
            <footer><span id="legend"></span><span id="facts">\(escaped(facts))</span></footer>
            <noscript>This map needs JavaScript.</noscript>
            <script type="application/json" id="data">\(data)</script>
            <script>
            \(Self.view)
            \(Self.program)
            </script>
            </html>

            """
    }

    private func escaped(_ text: String) -> String {
        text.withoutControls.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }
}
