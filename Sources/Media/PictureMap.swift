/// Small pictures and dots at places of a plane, with a legend.
public struct PictureMap: Sendable {
    /// A place on the map.
    public struct Point: Sendable {
        /// From left to right, 0...1.
        public var x: Double
        /// From top to bottom, 0...1.
        public var y: Double
        /// An index into `colors`; nil for grey.
        public var color: Int?

        /// Names a place.
        public init(x: Double, y: Double, color: Int?) {
            (self.x, self.y, self.color) = (x, y, color)
        }
    }

    /// Colours that are told apart also by the colour-blind, after Okabe and Ito 2008: red, green, blue.
    public static let colors: [(red: UInt8, green: UInt8, blue: UInt8)] = [
        (0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233),
        (213, 94, 0), (148, 103, 189), (140, 86, 75), (188, 189, 34), (23, 190, 207),
    ]
    static let grey: (red: UInt8, green: UInt8, blue: UInt8) = (150, 150, 150)

    private static let margin = 24
    private static let lineHeight = 20
    private static let border = 3

    /// The words on top.
    public var title: String
    /// Words below, small.
    public var caption: String
    /// A word for each colour in use.
    public var legend: [String]
    /// The side of the plane in pixels.
    public var side: Int

    /// Prepares a map.
    ///
    /// - Parameters:
    ///   - title: The words on top.
    ///   - caption: Words below, small.
    ///   - legend: A word for each colour in use.
    ///   - side: The side of the plane in pixels, `200...8192`.
    public init(title: String, caption: String, legend: [String], side: Int = 1_600) {
        (self.title, self.caption, self.legend) = (title, caption, legend)
        self.side = min(max(side, 200), 8_192)
    }

    /// Which points have room for a picture: of two that would lie on each other the earlier one.
    ///
    /// - Parameters:
    ///   - points: All of them, the most important first.
    ///   - width: Of a picture, in pixels.
    ///   - height: Of a picture, in pixels.
    /// - Returns: Indices into the points, ascending.
    public func places(_ points: [Point], width: Int, height: Int) -> [Int] {
        var rows: [Int: [Int]] = [:]
        var chosen: [Int] = []
        let (wide, high) = (width + 2 * Self.border, height + 2 * Self.border)
        for (index, point) in points.enumerated() {
            let place = place(point, width, height)
            let row = place.y / high
            let isFree = (row - 1...row + 1).allSatisfy { near in
                (rows[near] ?? []).allSatisfy { other in
                    let taken = self.place(points[other], width, height)
                    return abs(taken.x - place.x) >= wide || abs(taken.y - place.y) >= high
                }
            }
            guard isFree else { continue }
            rows[row, default: []].append(index)
            chosen.append(index)
        }
        return chosen
    }

    /// Draws the map.
    ///
    /// - Parameters:
    ///   - points: All of them.
    ///   - pictures: Of points that `places` chose, all of one size.
    /// - Returns: The page.
    /// - Throws: `MediaError` if the page is too large.
    public func render(_ points: [Point], pictures: [Int: RGBImage]) throws(MediaError) -> RGBImage
    {
        let size = pictures.values.first.map { ($0.width, $0.height) } ?? (8, 8)
        let top = Self.margin + 2 * Self.lineHeight
        let lines = legendLines()
        let height = top + side + Self.lineHeight * (lines + 2) + Self.margin
        let canvas = try SheetCanvas(width: side + 2 * Self.margin, height: height)
        canvas.write(title, .title, x: Self.margin, baseline: Self.margin + 15, width: side)
        canvas.write(caption, .caption, x: Self.margin, baseline: height - Self.margin, width: side)
        var page = PixelPage(canvas.image())
        for (index, point) in points.enumerated() where pictures[index] == nil {
            let (x, y) = place(point, size.0, size.1)
            page.disc(
                x: Self.margin + x + size.0 / 2,
                y: top + y + size.1 / 2,
                radius: 4,
                color(point.color)
            )
        }
        for (index, picture) in pictures.sorted(by: { $0.key < $1.key }) {
            let (x, y) = place(points[index], picture.width, picture.height)
            page.frame(
                x: Self.margin + x - Self.border,
                y: top + y - Self.border,
                width: picture.width + 2 * Self.border,
                height: picture.height + 2 * Self.border,
                color(points[index].color)
            )
            page.put(picture, x: Self.margin + x, y: top + y)
        }
        return try withLegend(page, top + side + Self.lineHeight)
    }

    private func place(_ point: Point, _ width: Int, _ height: Int) -> (x: Int, y: Int) {
        let room = (side - width - 2 * Self.border, side - height - 2 * Self.border)
        return (
            Self.border + Int((point.x * Double(room.0)).rounded()),
            Self.border + Int((point.y * Double(room.1)).rounded())
        )
    }

    private func color(_ index: Int?) -> (red: UInt8, green: UInt8, blue: UInt8) {
        index.flatMap { Self.colors.indices.contains($0) ? Self.colors[$0] : nil } ?? Self.grey
    }

    // MARK: Legend

    private static let columnWidth = 190
    private var columns: Int { max(1, side / Self.columnWidth) }
    private func legendLines() -> Int { (legend.count + columns - 1) / columns }

    /// Words are drawn by cairo on a strip of their own, which is put on the page.
    private func withLegend(_ page: PixelPage, _ y: Int) throws(MediaError) -> RGBImage {
        var page = page
        guard !legend.isEmpty else { return page.image }
        let strip = try SheetCanvas(width: side, height: Self.lineHeight * legendLines())
        for (index, word) in legend.enumerated() {
            strip.write(
                word,
                .label,
                x: index % columns * Self.columnWidth + 18,
                baseline: index / columns * Self.lineHeight + 14,
                width: Self.columnWidth - 24
            )
        }
        page.put(strip.image(), x: Self.margin, y: y)
        for index in legend.indices {
            page.disc(
                x: Self.margin + index % columns * Self.columnWidth + 7,
                y: y + index / columns * Self.lineHeight + 10,
                radius: 6,
                color(index)
            )
        }
        return page.image
    }
}

/// The pixels of a page while pictures are put on it; what lies outside is left away.
private struct PixelPage {
    private let width: Int
    private let height: Int
    private var pixels: [UInt8]

    init(_ image: RGBImage) { (width, height, pixels) = (image.width, image.height, image.pixels) }

    var image: RGBImage { RGBImage(width: width, height: height, pixels: pixels) }

    mutating func put(_ picture: RGBImage, x: Int, y: Int) {
        for row in 0..<picture.height where (0..<height).contains(y + row) {
            let count = min(picture.width, width - x)
            let to = 3 * ((y + row) * width + x)
            let from = 3 * row * picture.width
            pixels.replaceSubrange(
                to..<to + 3 * count,
                with: picture.pixels[from..<from + 3 * count]
            )
        }
    }

    mutating func frame(
        x: Int,
        y: Int,
        width: Int,
        height: Int,
        _ color: (red: UInt8, green: UInt8, blue: UInt8)
    ) {
        for row in y..<y + height {
            for column in x..<x + width { set(column, row, color) }
        }
    }

    mutating func disc(
        x: Int,
        y: Int,
        radius: Int,
        _ color: (red: UInt8, green: UInt8, blue: UInt8)
    ) {
        for dy in -radius...radius {
            for dx in -radius...radius where dx * dx + dy * dy <= radius * radius {
                set(x + dx, y + dy, color)
            }
        }
    }

    private mutating func set(
        _ x: Int,
        _ y: Int,
        _ color: (red: UInt8, green: UInt8, blue: UInt8)
    ) {
        guard (0..<width).contains(x), (0..<height).contains(y) else { return }
        let place = 3 * (y * width + x)
        (pixels[place], pixels[place + 1], pixels[place + 2]) = (
            color.red, color.green, color.blue
        )
    }
}
