import FoundationEssentials

/// A film of uncompressed RGB in an AVI container: lossless, and what every reader of films knows.
///
/// Source: Microsoft, "AVI RIFF File Reference"; one stream of `BI_RGB` pictures, rows from the bottom up, blue first.
struct FilmFile {
    let width: Int
    let height: Int
    let frameRate: Int
    private var frames: [Data] = []

    init(width: Int, height: Int, frameRate: Int) {
        (self.width, self.height, self.frameRate) = (width, height, frameRate)
    }

    private var rowBytes: Int { (3 * width + 3) / 4 * 4 }

    /// Adds a picture, RGB bytes `[height, width, 3]`.
    mutating func append(_ rgb: [UInt8]) {
        var picture = Data(capacity: rowBytes * height)
        for row in stride(from: height - 1, through: 0, by: -1) {
            for pixel in row * width..<(row + 1) * width {
                picture.append(contentsOf: [rgb[3 * pixel + 2], rgb[3 * pixel + 1], rgb[3 * pixel]])
            }
            picture.append(contentsOf: [UInt8](repeating: 0, count: rowBytes - 3 * width))
        }
        frames.append(picture)
    }

    /// Writes the file.
    func write(to url: URL) throws {
        let size = rowBytes * height
        let header = numbers32([
            1_000_000 / frameRate, size * frameRate, 0, 0x10, frames.count, 0, 1, size, width,
            height,
            0, 0, 0, 0,
        ])
        let stream =
            Data("vidsDIB ".utf8)
            + numbers32([0, 0, 0, 1, frameRate, 0, frames.count, size, -1, 0])
            + numbers16([0, 0, width, height])
        let format =
            numbers32([40, width, height]) + numbers16([1, 24]) + numbers32([0, size, 0, 0, 0, 0])
        let headers = list(
            "hdrl",
            chunk("avih", header)
                + list("strl", chunk("strh", stream) + chunk("strf", format))
        )
        var index = Data()
        for frame in frames.indices {
            index += Data("00db".utf8) + numbers32([0x10, 4 + frame * (size + 8), size])
        }
        let movie = list("movi", Data(frames.map { chunk("00db", $0) }.joined()))
        let body = Data("AVI ".utf8) + headers + movie + chunk("idx1", index)
        try chunk("RIFF", body).write(to: url)
    }

    private func chunk(_ name: String, _ bytes: Data) -> Data {
        Data(name.utf8) + numbers32([bytes.count]) + bytes
    }

    private func list(_ name: String, _ bytes: Data) -> Data {
        chunk("LIST", Data(name.utf8) + bytes)
    }

    private func numbers32(_ values: [Int]) -> Data {
        Data(
            values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        )
    }

    private func numbers16(_ values: [Int]) -> Data {
        Data(
            values.flatMap { value in (0..<2).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        )
    }
}
