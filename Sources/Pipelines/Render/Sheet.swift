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
        let count = min(Self.count, frameCount)
        let last = Double(frameCount - 1)
        indices = (0..<count).map { index in
            Int((last * Double(index) / Double(max(1, count - 1))).rounded())
        }
    }

    mutating func offer(_ image: RGBImage, _ index: Int) {
        if images.count < indices.count, indices[images.count] == index { images.append(image) }
    }
}

extension Session {
    /// The contact sheet of a render: content, driving motions, result, each at the same moments.
    ///
    /// - Throws: `StoreError` or `MediaError` if a thumbnail strip cannot be read.
    func sheet(_ recipe: Recipe, _ samples: SheetSamples) throws -> RGBImage {
        let seconds = samples.indices.map { recipe.times.second($0) }
        func row(_ label: String, _ use: Recipe.MotionUse) throws -> ContactSheet.Row {
            ContactSheet.Row(
                label: "\(label): \(use.clip.name)",
                images: try thumbnails(use.clip, at: seconds.map { $0 + use.from }, recipe)
            )
        }
        var rows = [try row("content", Recipe.MotionUse(clip: recipe.content, from: 0))]
        if recipe.motion.clip.id != recipe.content.id {
            rows.append(try row("motion", recipe.motion))
        }
        for layer in recipe.layers {
            let share = layer.weight.map { "mix \(number($0))" }
            rows.append(try row(layer.maskName ?? share ?? "layer", layer.motion))
        }
        rows.append(ContactSheet.Row(label: "result", images: samples.images))
        let edits = recipe.edits.map { "\($0.from) \u{2192} \($0.to) (alpha \(number($0.alpha)))" }
        let sheet = ContactSheet(
            rows: rows,
            caption: edits.isEmpty ? nil : edits.joined(separator: "; "),
            columnLabels: seconds.map { String(format: "%.2f s", $0) }
        )
        return try sheet.render()
    }

    /// The stored pictures of a clip that lie nearest to its seconds; white where it has none.
    private func thumbnails(
        _ use: Recipe.ClipUse,
        at seconds: [Double],
        _ recipe: Recipe
    ) throws -> [RGBImage] {
        guard let id = ClipID(hex: use.id) else { return [] }
        let images = try storedPictures(of: id, try pack(recipe.pack))
        guard images.count > 1 else { return images }
        let duration = try library.clip(id).duration
        guard duration > 0 else { return images }
        let blank = RGBImage(
            width: images[0].width,
            height: images[0].height,
            red: 255,
            green: 255,
            blue: 255
        )
        return seconds.map { second in
            // The last picture is shown until the clip's end.
            guard second >= -1e-6, second <= duration + 1e-6 else { return blank }
            let index = (second / duration * Double(images.count)).rounded(.down)
            return images[min(images.count - 1, Int(index))]
        }
    }

    private func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e6 ? String(Int(value)) : String(value)
    }
}
