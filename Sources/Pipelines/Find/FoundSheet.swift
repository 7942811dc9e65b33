public import Media
internal import Models
internal import Packs
internal import Store

extension Session {
    /// The contact sheet of a search: what was looked for, then what was found, with scores.
    ///
    /// - Parameters:
    ///   - request: What was looked for.
    ///   - result: What was found.
    /// - Returns: A row of pictures for each.
    /// - Throws: `StoreError` or `MediaError` if a thumbnail strip cannot be read.
    public func sheet(_ request: FindRequest, _ result: FindResult) throws -> RGBImage {
        var rows: [ContactSheet.Row] = []
        // A composition or a file has no stored pictures.
        if let reference = request.reference, let found = try? library.resolve(reference) {
            rows.append(
                ContactSheet.Row(
                    label: reference,
                    images: try pictures(
                        found.clip,
                        found.namesTimes ? found.start...found.end : nil
                    )
                )
            )
        }
        for (rank, found) in result.clips.enumerated() {
            let part = found.part.map { " from \(($0.lowerBound * 100).rounded() / 100) s" } ?? ""
            rows.append(
                ContactSheet.Row(
                    label: "\(rank + 1). \(found.clip.name)\(part) (\(shown(found.score)))",
                    images: try pictures(found.clip, found.part)
                )
            )
        }
        return try ContactSheet(rows: rows, title: result.subject, cellHeight: 96).render()
    }

    private func shown(_ score: Double) -> String {
        let thousandths = Int((abs(score) * 1_000).rounded())
        let digits = String(thousandths % 1_000 + 1_000).dropFirst()
        return "\(score < 0 && thousandths > 0 ? "-" : "")\(thousandths / 1_000).\(digits)"
    }

    /// The stored pictures of a clip, or of a part of it.
    private func pictures(_ clip: Clip, _ part: ClosedRange<Double>?) throws -> [RGBImage] {
        guard let strip = try library.thumbnails(of: clip.id) else { return [] }
        let config = try pack(clip.packFingerprint).manifest.generator.config
        let images = try ThumbnailStrip.decode(
            strip,
            aspect: Double(config.width) / Double(config.height)
        )
        guard let part, clip.duration > 0, images.count > 1 else { return images }
        let seconds = images.indices.map {
            clip.duration * (Double($0) + 0.5) / Double(images.count)
        }
        let inside = images.indices.filter { part.contains(seconds[$0]) }
        return inside.isEmpty ? images : inside.map { images[$0] }
    }
}
