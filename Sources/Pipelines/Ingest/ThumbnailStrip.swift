internal import Foundation
internal import Media

/// A few small frames of a clip side by side, as one JPEG.
enum ThumbnailStrip {
    /// The height of every picture.
    static let height = 96
    /// How many pictures at most.
    static let count = 8

    /// Makes the strip from frames of one size.
    ///
    /// - Throws: `MediaError` if it cannot be encoded.
    static func encode(_ frames: [RGBImage]) throws -> Data {
        let pictures = pictures(frames)
        let width = pictures[0].width
        var strip = RGBImage(
            width: width * pictures.count,
            height: height,
            red: 255,
            green: 255,
            blue: 255
        )
        for (index, picture) in pictures.enumerated() {
            strip = strip.pasting(picture, x: index * width, y: 0)
        }
        return try StillImage.encode(strip, as: .jpeg(quality: 88))
    }

    /// The pictures of a strip.
    static func pictures(_ frames: [RGBImage]) -> [RGBImage] {
        ClipPlan.spread(frames.indices.map(Double.init), count)
            .map { frames[Int($0)].resized(toHeight: height) }
    }

    /// Takes a strip apart.
    ///
    /// - Parameters:
    ///   - data: What `encode` made.
    ///   - aspect: Width over height of a picture.
    /// - Returns: The pictures.
    /// - Throws: `MediaError` if the data is no picture.
    static func decode(_ data: Data, aspect: Double) throws -> [RGBImage] {
        let strip = try StillImage.decode(data)
        let width = max(1, Int((Double(strip.height) * aspect).rounded()))
        let count = max(1, strip.width / width)
        return (0..<count).map { index in
            strip.cropped(
                x: index * strip.width / count,
                y: 0,
                width: strip.width / count,
                height: strip.height
            )
        }
    }
}
