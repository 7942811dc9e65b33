internal import Foundation
internal import Media
internal import Models
internal import Packs
internal import Store

/// A few frames of a render, evenly spaced, kept for the contact sheet.
struct SheetSamples {
    /// Pictures per row of a sheet.
    static let count = 8

    /// The frames that are kept.
    let indices: [Int]
    private(set) var images: [RGBImage] = []

    init(frameCount: Int) {
        indices = ClipPlan.spread((0..<frameCount).map(Double.init), Self.count).map { Int($0) }
    }

    mutating func offer(_ image: RGBImage, _ index: Int) {
        if images.count < indices.count, indices[images.count] == index { images.append(image) }
    }
}

extension Session {
    /// The contact sheet of a render: content, driving motions, result over time.
    ///
    /// - Throws: `StoreError` or `MediaError` if a thumbnail strip cannot be read.
    func sheet(_ recipe: Recipe, _ samples: SheetSamples) throws -> RGBImage {
        let config = try pack(recipe.pack).manifest.generator.config
        let aspect = Double(config.width) / Double(config.height)
        func row(_ label: String, _ use: Recipe.ClipUse) throws -> ContactSheet.Row {
            guard let id = ClipID(hex: use.id), let strip = try library.thumbnails(of: id) else {
                return ContactSheet.Row(label: label, images: [])
            }
            let images = try ThumbnailStrip.decode(strip, aspect: aspect)
            return ContactSheet.Row(label: label, images: Array(images.prefix(SheetSamples.count)))
        }
        var rows = [try row("content: \(recipe.content.name)", recipe.content)]
        if recipe.motion.clip.id != recipe.content.id {
            rows.append(try row("motion: \(recipe.motion.clip.name)", recipe.motion.clip))
        }
        for layer in recipe.layers {
            let part =
                layer.maskName
                ?? layer.weight.map {
                    "mix \($0.formatted(.number.precision(.fractionLength(0...2))))"
                }
            rows.append(
                try row("\(part ?? "layer"): \(layer.motion.clip.name)", layer.motion.clip)
            )
        }
        rows.append(ContactSheet.Row(label: "result", images: samples.images))
        let seconds = recipe.times.seconds
        let edits = recipe.edits.map { "\($0.from) \u{2192} \($0.to), alpha \($0.alpha)" }
        var sheet = ContactSheet(rows: rows)
        sheet.columnLabels = samples.indices.map { String(format: "%.2f s", seconds[$0]) }
        sheet.caption = edits.isEmpty ? nil : edits.joined(separator: "; ")
        sheet.cellHeight = 128
        return try sheet.render()
    }
}
