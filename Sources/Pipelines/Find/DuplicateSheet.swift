public import Media
internal import Packs
internal import Store
internal import Tensors

extension Session {
    /// The contact sheet of a search for duplicates, group by group.
    ///
    /// - Parameter report: What was found.
    /// - Returns: The sheet, and how many clips had no room on it.
    /// - Throws: `StoreError` or `MediaError` if a thumbnail strip cannot be read.
    public func sheet(_ report: DuplicateReport) throws -> (image: RGBImage, leftOut: Int) {
        let pack = try pack(report.pack)
        var rows: [ContactSheet.Row] = []
        var all = 0
        for (number, group) in report.groups.enumerated() {
            for (place, clip) in group.clips.enumerated() {
                all += 1
                guard rows.count < Self.sheetRows else { continue }
                rows.append(
                    ContactSheet.Row(
                        label: "\(number + 1)\(place == 0 ? " keep" : ""): \(clip.name)",
                        images: try storedPictures(of: clip.id, pack)
                    )
                )
            }
        }
        let sheet = ContactSheet(
            rows: rows,
            title: "\(report.groups.count.counted("group")) of duplicates",
            cellHeight: 96
        )
        return (try sheet.render(), all - rows.count)
    }
}
