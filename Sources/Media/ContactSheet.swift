/// Rows of labelled pictures on one page, to look at a result or to put it into a text.
///
/// Pictures of a column are centred in it; labels that do not fit end in an ellipsis.
public struct ContactSheet: Sendable {
    /// A label and the pictures beside it.
    public struct Row: Sendable {
        /// The words on the left, at most two lines' worth.
        public var label: String
        /// The pictures, from left to right; rows may differ in number and size.
        public var images: [RGBImage]

        /// Makes a row.
        public init(label: String, images: [RGBImage]) {
            self.label = label
            self.images = images
        }
    }

    /// The rows, from top to bottom.
    public var rows: [Row]
    /// A bold line on top.
    public var title: String?
    /// A small grey line below.
    public var caption: String?
    /// Words above the columns, as times; may be fewer than the columns.
    public var columnLabels: [String]
    /// The height of every picture in pixels; widths follow.
    public var cellHeight: Int
    /// Labels that are wider, in pixels, are wrapped into as many lines as a picture is high, then cut.
    public var widestLabel = 200

    /// Makes a sheet.
    ///
    /// - Parameters:
    ///   - rows: The rows, from top to bottom.
    ///   - title: A bold line on top.
    ///   - caption: A small grey line below.
    ///   - columnLabels: Words above the columns.
    ///   - cellHeight: The height of every picture in pixels, `16...1024`.
    public init(
        rows: [Row],
        title: String? = nil,
        caption: String? = nil,
        columnLabels: [String] = [],
        cellHeight: Int = 128
    ) {
        self.rows = rows
        self.title = title
        self.caption = caption
        self.columnLabels = columnLabels
        self.cellHeight = min(max(cellHeight, 16), 1_024)
    }

    /// Times as column labels: `0.48 s`.
    public static func timeLabels(_ seconds: [Double]) -> [String] {
        seconds.map { second in
            let hundredths = Int((min(max(second, 0), 1e6) * 100).rounded())
            let rest = String(hundredths % 100 + 100).dropFirst()
            return "\(hundredths / 100).\(rest) s"
        }
    }

    /// Draws the sheet.
    ///
    /// - Throws: `MediaError` of the kind `unsupportedFormat` if the sheet is larger than 32,767
    ///   pixels.
    public func render() throws(MediaError) -> RGBImage {
        let cells = rows.map { row in row.images.map { $0.resized(toHeight: cellHeight) } }
        let layout = SheetLayout(self, cells: cells)
        guard layout.width < 32_768, layout.height < 32_768 else {
            throw MediaError(
                .unsupportedFormat,
                path: "contact sheet",
                "\(layout.width)x\(layout.height) pixels are too many; show fewer or smaller pictures"
            )
        }
        let canvas = try SheetCanvas(width: layout.width, height: layout.height)
        drawWords(on: canvas, layout)
        var sheet = SheetPage(canvas.image())
        for (row, images) in cells.enumerated() {
            for (column, image) in images.enumerated() {
                let spare = layout.columnWidths[column] - image.width
                sheet.place(
                    image,
                    x: layout.columnStarts[column] + spare / 2,
                    y: layout.rowStarts[row]
                )
            }
        }
        return sheet.image
    }

    private func drawWords(on canvas: SheetCanvas, _ layout: SheetLayout) {
        let margin = SheetLayout.margin
        let lineWidth = layout.width - 2 * margin
        if let title {
            canvas.write(title, .title, x: margin, baseline: layout.titleBaseline, width: lineWidth)
        }
        if let caption {
            canvas.write(
                caption,
                .caption,
                x: margin,
                baseline: layout.captionBaseline,
                width: lineWidth
            )
        }
        for (column, label) in columnLabels.prefix(layout.columnWidths.count).enumerated() {
            canvas.write(
                label,
                .caption,
                x: layout.columnStarts[column],
                baseline: layout.columnLabelBaseline,
                width: layout.columnWidths[column],
                isCentered: true
            )
        }
        for (row, content) in rows.enumerated() {
            let middle = layout.rowStarts[row] + cellHeight / 2
            let lines = canvas.wrap(
                content.label,
                .label,
                width: layout.labelWidth,
                lines: max(2, cellHeight / SheetLayout.lineHeight)
            )
            for (line, words) in lines.enumerated() {
                let offset = SheetLayout.lineHeight * (2 * line + 1 - lines.count) / 2
                canvas.write(
                    words,
                    .label,
                    x: margin,
                    baseline: middle + offset + 5,
                    width: layout.labelWidth
                )
            }
        }
    }
}

/// Where everything is on a contact sheet, in pixels.
private struct SheetLayout {
    static let margin = 20
    static let gap = 6
    static let lineHeight = 18

    private(set) var labelWidth = 0
    private(set) var titleBaseline = 0
    private(set) var columnLabelBaseline = 0
    private(set) var captionBaseline = 0
    private(set) var columnStarts: [Int] = []
    private(set) var columnWidths: [Int] = []
    private(set) var rowStarts: [Int] = []
    private(set) var width = 0
    private(set) var height = 0

    init(_ sheet: ContactSheet, cells: [[RGBImage]]) {
        let columnCount = cells.map(\.count).max() ?? 0
        columnWidths = (0..<columnCount).map { column in
            cells.compactMap { $0.indices.contains(column) ? $0[column].width : nil }.max() ?? 0
        }
        let longest = sheet.rows.map { SheetCanvas.width(of: $0.label, .label) }.max() ?? 0
        labelWidth = min(Int(longest.rounded(.up)), sheet.widestLabel)

        var x = SheetLayout.margin + (labelWidth > 0 ? labelWidth + 14 : 0)
        for columnWidth in columnWidths {
            columnStarts.append(x)
            x += columnWidth + SheetLayout.gap
        }
        width = max(x - SheetLayout.gap, 160) + SheetLayout.margin

        var y = SheetLayout.margin
        if sheet.title != nil {
            titleBaseline = y + 15
            y += 32
        }
        if !sheet.columnLabels.isEmpty {
            columnLabelBaseline = y + 10
            y += 18
        }
        for _ in sheet.rows {
            rowStarts.append(y)
            y += sheet.cellHeight + SheetLayout.gap
        }
        y -= SheetLayout.gap
        if sheet.caption != nil {
            captionBaseline = y + 24
            y += 28
        }
        height = max(y, SheetLayout.margin) + SheetLayout.margin
    }
}

/// The pixels of a page while pictures are put on it.
private struct SheetPage {
    private let width: Int
    private let height: Int
    private var pixels: [UInt8]

    init(_ image: RGBImage) { (width, height, pixels) = (image.width, image.height, image.pixels) }

    var image: RGBImage { RGBImage(width: width, height: height, pixels: pixels) }

    mutating func place(_ image: RGBImage, x: Int, y: Int) {
        for row in 0..<image.height {
            let to = 3 * ((y + row) * width + x)
            let from = 3 * row * image.width
            let count = 3 * image.width
            pixels.replaceSubrange(to..<to + count, with: image.pixels[from..<from + count])
        }
    }
}
