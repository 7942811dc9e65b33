import Foundation

/// How a film is written; the path decides.
public enum VideoFormat: String, Codable, Sendable, CaseIterable {
    /// H.264 in MP4: plays everywhere.
    case mp4
    /// VP9 in WebM.
    case webm
    /// GIF, 255 colours, for pages and messages.
    case gif
    /// FFV1 in Matroska: lossless, reading it gives the same pixels.
    case mkv
    /// Numbered PNG files.
    case pngSequence
    /// One PNG file of one picture.
    case png
    /// `rgb24` bytes on standard output, without any header.
    case raw

    /// Finds the format of a path.
    ///
    /// - Parameter path: `name.mp4`, `.webm`, `.gif` or `.mkv`; `folder/` or `folder/%05d.png` for
    ///   numbered pictures; `name.png` for a single one; `-` for raw bytes on standard output.
    /// - Throws: `MediaError` of the kind `unsupportedFormat`, with the list of what is known.
    public init(path: String) throws(MediaError) {
        let ending = URL(fileURLWithPath: path).pathExtension.lowercased()
        if path == "-" {
            self = .raw
        } else if path.hasSuffix("/") {
            self = .pngSequence
        } else if ending == "png", NumberedName(path: path) != nil {
            self = .pngSequence
        } else if let format = [VideoFormat.mp4, .webm, .gif, .mkv, .png].first(where: {
            $0.rawValue == ending
        }) {
            self = format
        } else {
            throw MediaError(
                .unsupportedFormat,
                path: path,
                "films are written as .mp4, .webm, .gif, .mkv, as PNG files (folder/ or "
                    + "folder/%05d.png), one frame as .png, or as raw RGB to standard output (-)"
            )
        }
    }
}

/// A file name with a place for a number, as `view_%05d.png`.
struct NumberedName {
    let folder: String
    private let prefix: String
    private let digitCount: Int
    private let suffix: String

    /// Reads a path whose last part has one `%d` or `%0Nd`; a path that ends in `/` gets `%05d.png`.
    init?(path: String) {
        let full = path.hasSuffix("/") ? path + "%05d.png" : path
        let url = URL(fileURLWithPath: full)
        folder = url.deletingLastPathComponent().path
        let parts = url.lastPathComponent.split(separator: "%", omittingEmptySubsequences: false)
        guard parts.count == 2, let end = parts[1].firstIndex(of: "d") else { return nil }
        let width = parts[1][..<end]
        guard width.allSatisfy(\.isNumber), width.count <= 2, !folder.contains("%") else {
            return nil
        }
        prefix = String(parts[0])
        digitCount = Int(width) ?? 1
        suffix = String(parts[1][parts[1].index(after: end)...])
    }

    /// The name of a picture; numbers start at 0.
    func name(_ number: Int) -> String {
        let digits = String(number)
        let zeros = String(repeating: "0", count: max(0, digitCount - digits.count))
        return prefix + zeros + digits + suffix
    }
}
