internal import Media

/// The pictures of a sheet, a few per row.
struct SampleSheet {
    private static let columns = 8
    /// Shown smaller than the generator draws, so that a thousand fit into memory.
    private static let cellHeight = 128
    private var images: [(seed: UInt64, image: RGBImage)] = []

    /// Adds the picture of a seed.
    mutating func append(_ seed: UInt64, _ picture: RGBImage) {
        let isTall = picture.height > Self.cellHeight
        images.append((seed, isTall ? picture.resized(toHeight: Self.cellHeight) : picture))
    }

    /// Writes the sheet.
    ///
    /// - Throws: `MediaError`.
    func write(to path: String) throws {
        let starts = stride(from: 0, to: images.count, by: Self.columns)
        let rows = starts.map { start in
            let row = images[start..<min(start + Self.columns, images.count)]
            let (first, last) = (row[start].seed, row[row.endIndex - 1].seed)
            return ContactSheet.Row(
                label: first == last ? "seed \(first)" : "seeds \(first) to \(last)",
                images: row.map(\.image)
            )
        }
        try StillImage.write(
            try ContactSheet(rows: rows, cellHeight: Self.cellHeight).render(),
            to: path
        )
    }
}
