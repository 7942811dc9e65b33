import Media
import Testing

@Suite struct ContactSheetTests {
    private let images = (0..<4).map { Drawings.scene(time: 4 * $0) }

    private func sheet(_ label: String, title: String? = nil) throws -> RGBImage {
        try ContactSheet(
            rows: [.init(label: label, images: images)],
            title: title,
            cellHeight: 48
        ).render()
    }

    @Test func picturesAreOnTheSheetAsTheyAre() throws {
        let page = try sheet("row")
        let found = (0..<page.width - 64).contains { x in
            (0..<page.height - 48).contains { y in
                page[x, y] == images[2][0, 0]
                    && page.cropped(x: x, y: y, width: 64, height: 48) == images[2]
            }
        }
        #expect(found)
    }

    @Test func wordsAreDrawn() throws {
        // The same page with other words differs in ink, and dark pixels are there at all.
        let page = try sheet("a row", title: "Title")
        #expect(try page != sheet("b row", title: "Title"))
        #expect(try page != sheet("a row", title: "Tidal"))
        #expect(page.pixels.prefix(3 * page.width * 40).contains { $0 < 80 })
    }

    @Test func longLabelsDoNotWidenTheSheet() throws {
        let long = String(repeating: "a very long description of a figure ", count: 20)
        let page = try sheet(long, title: long)
        #expect(page.width <= 20 + 200 + 14 + 4 * 70 + 20)
        // The right margin stays empty.
        let margin = page.cropped(x: page.width - 12, y: 0, width: 12, height: page.height)
        #expect(Set(margin.pixels).count <= 3)
    }

    @Test func unequalRowsAndNothingAtAllAreDrawn() throws {
        let rows = [
            ContactSheet.Row(label: "one", images: [images[0]]),
            ContactSheet.Row(label: "", images: []),
            ContactSheet.Row(label: "three", images: Array(images.prefix(3))),
        ]
        let page = try ContactSheet(rows: rows, caption: "caption", cellHeight: 32).render()
        #expect(page.height > 3 * 32)
        #expect(try ContactSheet(rows: []).render().width > 0)
    }

    @Test func timesAreWrittenInHundredths() {
        #expect(ContactSheet.timeLabels([0, 0.48, 12.345]) == ["0.00 s", "0.48 s", "12.35 s"])
    }

    @Test func tooLargeASheetIsRefused() {
        let rows = [ContactSheet.Row(label: "", images: Array(repeating: images[0], count: 400))]
        #expect(errorKind { _ = try ContactSheet(rows: rows).render() } == .unsupportedFormat)
    }
}
