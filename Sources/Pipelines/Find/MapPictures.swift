public import Foundation
internal import Media
internal import Packs
internal import Store
internal import Tensors

/// A small picture of each clip of a map, many on one sheet, as a page shows them.
public struct MapPictures: Sendable {
    /// A picture in pixels.
    public let width: Int, height: Int
    /// Pictures beside each other on a sheet, and rows of them.
    public let columns: Int, rows: Int
    /// JPEG files; picture n is number n % (columns * rows) of sheet n / (columns * rows).
    public let sheets: [Data]

    /// More clips than this are shown as points.
    public static let limit = 10_000

    /// How high pictures of so many clips are, so that a page stays below about 10 MB; whole blocks of JPEG, so that
    /// neighbours on a sheet do not show in each other.
    static func height(of count: Int) -> Int {
        switch count {
        case ...600: 96
        case ...2_000: 80
        case ...5_000: 64
        default: 48
        }
    }
}

extension Session {
    private static let sheetSide = 1_920

    /// The pictures of a map's clips.
    ///
    /// - Parameters:
    ///   - map: The clips.
    ///   - cancellation: Stops between two clips.
    ///   - onProgress: Is told the share that is done.
    /// - Returns: Nil if there are more clips than `MapPictures.limit`.
    /// - Throws: `StoreError` or `MediaError` if a thumbnail strip cannot be read, `InterruptedError`.
    public func pictures(
        of map: LibraryMap,
        cancellation: Cancellation,
        onProgress: (Double) -> Void
    ) throws -> MapPictures? {
        guard !map.clips.isEmpty, map.clips.count <= MapPictures.limit else { return nil }
        let height = MapPictures.height(of: map.clips.count)
        let width = max(16, Int((Double(height) * (try aspect(map)) / 16).rounded()) * 16)
        // No wider or higher than what is on it.
        let columns = min(map.clips.count, max(1, Self.sheetSide / width))
        let rows = min((map.clips.count + columns - 1) / columns, max(1, Self.sheetSide / height))
        var sheets: [Data] = []
        for start in stride(from: 0, to: map.clips.count, by: columns * rows) {
            var pixels = [UInt8](repeating: 235, count: 3 * columns * width * rows * height)
            for place in start..<min(start + columns * rows, map.clips.count) {
                try cancellation.check()
                onProgress(Double(place) / Double(map.clips.count))
                guard let picture = try picture(map.clips[place].clip.id, map) else { continue }
                let small = picture.resized(width: width, height: height)
                let (row, column) = ((place - start) / columns, (place - start) % columns)
                for line in 0..<height {
                    let to = 3 * ((row * height + line) * columns * width + column * width)
                    pixels.replaceSubrange(
                        to..<to + 3 * width,
                        with: small.pixels[3 * line * width..<3 * (line + 1) * width]
                    )
                }
            }
            let sheet = RGBImage(width: columns * width, height: rows * height, pixels: pixels)
            sheets.append(try StillImage.encode(sheet, as: .jpeg(quality: 82)))
        }
        return MapPictures(
            width: width,
            height: height,
            columns: columns,
            rows: rows,
            sheets: sheets
        )
    }

    /// The map as one picture: clips that have room are shown, the others are dots.
    ///
    /// - Parameters:
    ///   - map: The clips.
    ///   - path: A `.png`, `.jpg` or `.jpeg` file.
    /// - Throws: `MediaError`, `StoreError`.
    public func draw(_ map: LibraryMap, to path: String) throws {
        let legend = map.legend
        let colors = Dictionary(uniqueKeysWithValues: legend.enumerated().map { ($1, $0) })
        let points = map.clips.map { clip in
            PictureMap.Point(x: clip.x, y: clip.y, color: clip.label.flatMap { colors[$0] })
        }
        let count = map.clips.count.counted("clip")
        let trust = map.trustworthiness.map {
            "; trustworthiness \(Double(Int(($0 * 1_000).rounded())) / 1_000)"
        }
        let sheet = PictureMap(
            title: "\(count) of pack \(map.pack) by \(map.aspect.rawValue)",
            caption: "vsdb map --by \(map.aspect.rawValue) --seed \(map.seed)\(trust ?? "")",
            legend: legend
        )
        let height = 72
        let width = max(16, Int((Double(height) * (try aspect(map))).rounded()))
        var pictures: [Int: RGBImage] = [:]
        for place in sheet.places(points, width: width, height: height) {
            pictures[place] = try picture(map.clips[place].clip.id, map)?
                .resized(width: width, height: height)
        }
        try StillImage.write(try sheet.render(points, pictures: pictures), to: path)
    }

    private func aspect(_ map: LibraryMap) throws -> Double {
        try pack(map.pack).pictureAspect
    }

    /// The picture in the middle of a clip.
    private func picture(_ clip: ClipID, _ map: LibraryMap) throws -> RGBImage? {
        let pictures = try storedPictures(of: clip, try pack(map.pack))
        return pictures.isEmpty ? nil : pictures[pictures.count / 2]
    }
}

extension LibraryMap {
    /// The labels that have a colour of their own, those of most clips first.
    public var legend: [String] {
        var counts: [String: Int] = [:]
        for clip in clips { if let label = clip.label { counts[label, default: 0] += 1 } }
        return counts.filter { $0.value > 1 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .prefix(PictureMap.colors.count).map(\.key)
    }

    /// The colours of the legend: `#0072b2`.
    public static var legendColors: [String] {
        PictureMap.colors.map { color in
            let digits = [color.red, color.green, color.blue].map { part in
                (part < 16 ? "0" : "") + String(part, radix: 16)
            }
            return "#" + digits.joined()
        }
    }
}
