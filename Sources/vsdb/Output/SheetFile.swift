import Media

/// A contact sheet that a command writes beside what it prints.
enum SheetFile {
    /// Writes a sheet, and says what has no room on it.
    ///
    /// - Throws: `MediaError`.
    static func write(
        _ sheet: (image: RGBImage, leftOut: Int),
        to path: String,
        of count: Int,
        _ console: Console
    ) throws {
        try StillImage.write(sheet.image, to: path, quality: 92)
        let shown = count - sheet.leftOut
        let rest =
            sheet.leftOut > 0
            ? ", with the first \(shown) of \(count) clips; more have no room in one picture" : ""
        console.note("wrote \(path)\(rest)")
    }
}
