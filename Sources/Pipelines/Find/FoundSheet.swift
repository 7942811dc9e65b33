internal import Foundation
public import Media
internal import Packs
public import Store

extension Session {
    /// Clips that a sheet shows at most: taller ones are no pictures that can be written.
    public static let sheetRows = 150

    /// The contact sheet of a search: what was looked for, then what was found, with scores.
    ///
    /// - Parameters:
    ///   - request: What was looked for.
    ///   - result: What was found.
    /// - Returns: A row of pictures for each, and how many clips had no room.
    /// - Throws: `StoreError` or `MediaError` if a thumbnail strip cannot be read.
    public func sheet(
        _ request: FindRequest,
        _ result: FindResult
    ) throws -> (image: RGBImage, leftOut: Int) {
        var rows: [ContactSheet.Row] = []
        if let reference = request.reference {
            if !result.pictures.isEmpty {
                let name = (reference as NSString).lastPathComponent
                rows.append(ContactSheet.Row(label: name, images: result.pictures))
            } else if case .success(let found) = try lookUp(reference) {
                // A composition has no stored pictures.
                let part = found.namesTimes ? found.start...found.end : nil
                rows.append(
                    ContactSheet.Row(label: reference, images: try pictures(found.clip, part))
                )
            }
        }
        for (rank, found) in result.clips.prefix(Self.sheetRows).enumerated() {
            let part = found.part.map { " from \($0.lowerBound.shortSeconds) s" } ?? ""
            rows.append(
                ContactSheet.Row(
                    label: "\(rank + 1). \(found.clip.name)\(part) (\(shown(found.score)))",
                    images: try pictures(found.clip, found.part)
                )
            )
        }
        let sheet = ContactSheet(rows: rows, title: result.subject, cellHeight: 96)
        return (try sheet.render(), max(0, result.clips.count - Self.sheetRows))
    }

    /// The contact sheet of a list of clips.
    ///
    /// - Parameters:
    ///   - clips: What is shown.
    ///   - title: A line above them.
    /// - Returns: A row of pictures for each, and how many clips had no room.
    /// - Throws: `StoreError` or `MediaError` if a thumbnail strip cannot be read.
    public func sheet(of clips: [Clip], title: String) throws -> (image: RGBImage, leftOut: Int) {
        let rows = try clips.prefix(Self.sheetRows).map {
            ContactSheet.Row(label: $0.name, images: try pictures($0, nil))
        }
        let sheet = ContactSheet(rows: rows, title: title, cellHeight: 96)
        return (try sheet.render(), max(0, clips.count - Self.sheetRows))
    }

    private func shown(_ score: Double) -> String {
        let thousandths = Int((abs(score) * 1_000).rounded())
        let digits = String(thousandths % 1_000 + 1_000).dropFirst()
        return "\(score < 0 && thousandths > 0 ? "-" : "")\(thousandths / 1_000).\(digits)"
    }

    /// The stored pictures of a clip, or of a part of it.
    private func pictures(_ clip: Clip, _ part: ClosedRange<Double>?) throws -> [RGBImage] {
        let images = try storedPictures(of: clip.id, try pack(clip.packFingerprint))
        guard let part, clip.duration > 0, images.count > 1 else { return images }
        let seconds = images.indices.map {
            clip.duration * (Double($0) + 0.5) / Double(images.count)
        }
        let inside = images.indices.filter { part.contains(seconds[$0]) }
        return inside.isEmpty ? images : inside.map { images[$0] }
    }
}
