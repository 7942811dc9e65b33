public import Foundation

/// Reading and writing of single pictures.
public enum StillImage {
    /// The formats that pictures are written in.
    public enum Format: Sendable, Hashable {
        /// Lossless; `read` gives back the same pixels.
        case png
        /// Lossy, with a quality in `1...100`; 90 is hardly told from the original.
        case jpeg(quality: Int)
    }

    /// Reads the first picture of a file: PNG, JPEG (turned upright), WebP, BMP, TIFF, a film, ...
    ///
    /// - Throws: `MediaError`, as `VideoReader.init` does.
    public static func read(_ path: String) throws(MediaError) -> RGBImage {
        try firstImage(.file(path))
    }

    /// Reads the first picture from the bytes of a file.
    ///
    /// - Throws: `MediaError`, as `VideoReader.init` does.
    public static func decode(_ data: Data) throws(MediaError) -> RGBImage {
        guard !data.isEmpty else {
            throw MediaError(.notMedia, path: "data in memory", "there are no bytes")
        }
        return try firstImage(.bytes(data))
    }

    /// Makes the bytes of a picture file; equal pictures give equal bytes.
    ///
    /// - Throws: `MediaError` if libav refuses the picture.
    public static func encode(
        _ image: RGBImage,
        as format: Format
    ) throws(MediaError) -> Data {
        let encoder = try FrameEncoder(
            .still(format),
            width: image.width,
            height: image.height,
            rate: nil,
            path: "picture"
        )
        var bytes = Data()
        try encoder.encode(image) { packet in bytes += FrameEncoder.bytes(of: packet) }
        try encoder.finish { packet in bytes += FrameEncoder.bytes(of: packet) }
        return bytes
    }

    /// Writes a `.png`, `.jpg` or `.jpeg` file that appears only when it is complete.
    ///
    /// - Parameters:
    ///   - image: The picture.
    ///   - path: The file to make or replace.
    ///   - quality: JPEG only, `1...100`.
    /// - Throws: `MediaError` of the kinds `unsupportedFormat`, `cannotWrite` and `noSpace`.
    public static func write(
        _ image: RGBImage,
        to path: String,
        quality: Int = 90
    ) throws(MediaError) {
        let bytes = try encode(image, as: format(of: path, quality: quality))
        let file = try PendingFile(path: path)
        try file.write(bytes)
        try file.commit()
    }

    /// Checks, before the work for a picture begins, that it can be written.
    ///
    /// - Throws: `MediaError` of the kinds `unsupportedFormat` and `cannotWrite`.
    public static func check(path: String) throws(MediaError) {
        _ = try format(of: path, quality: 90)
        _ = try PendingFile(path: path)
    }

    private static func format(of path: String, quality: Int) throws(MediaError) -> Format {
        switch URL(fileURLWithPath: path).pathExtension.lowercased() {
        case "png": .png
        case "jpg", "jpeg": .jpeg(quality: quality)
        default:
            throw MediaError(
                .unsupportedFormat,
                path: path,
                "pictures are written as .png, .jpg or .jpeg"
            )
        }
    }

    private static func firstImage(_ source: MediaInput.Source) throws(MediaError) -> RGBImage {
        let reader = try VideoReader(source, from: 0, threads: 1)
        guard let frame = try reader.next() else {
            throw MediaError(.noFrames, path: "picture", "no picture can be decoded")
        }
        return frame.image
    }
}
