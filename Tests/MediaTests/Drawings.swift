import Foundation
import Media

/// Pictures and paths that the tests of this target share.
enum Drawings {
    /// A smooth picture with a bright square that moves with `time`.
    static func scene(width: Int = 64, height: Int = 48, time: Int = 0) -> RGBImage {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let inSquare = (8..<20).contains(y) && (4..<16).contains(x - 2 * time)
                pixels.append(inSquare ? 235 : UInt8(40 + 120 * x / width))
                pixels.append(inSquare ? 225 : UInt8(60 + 100 * y / height))
                pixels.append(inSquare ? 205 : 90)
            }
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// Bytes without any order, the same on each run.
    static func noise(width: Int, height: Int, seed: UInt32 = 1) -> RGBImage {
        var state = seed
        let pixels = (0..<3 * width * height).map { _ -> UInt8 in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// A clip that `Fixtures/make.sh` made.
    static func fixture(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures").appendingPathComponent(name).path
    }
}

/// A new folder that goes away with the value.
final class ScratchFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("media-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// All names in the folder, hidden ones too.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    /// Puts bytes into a file and returns its path.
    func make(_ name: String, _ bytes: Data) throws -> String {
        try bytes.write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }
}

/// Writes pictures as a film.
func writeFilm(_ path: String, _ images: [RGBImage], rate: Int = 25) throws {
    guard let first = images.first, let frameRate = FrameRate(rate) else { return }
    let writer = try VideoWriter(
        path: path,
        width: first.width,
        height: first.height,
        frameRate: frameRate
    )
    for image in images { try writer.append(image) }
    try writer.finish()
}

/// Reads all frames of a film.
func readFilm(_ path: String, from seconds: Double = 0, threads: Int = 0) throws -> [VideoFrame] {
    let reader = try VideoReader(path: path, from: seconds, threads: threads)
    var frames: [VideoFrame] = []
    while let frame = try reader.next() { frames.append(frame) }
    return frames
}

/// Peak signal-to-noise ratio in dB over all channels; infinite for equal pictures.
func peakSignalToNoise(_ left: RGBImage, _ right: RGBImage) -> Double {
    guard left.width == right.width, left.height == right.height else { return -.infinity }
    let sum = zip(left.pixels, right.pixels).reduce(0.0) { sum, pair in
        let difference = Double(pair.0) - Double(pair.1)
        return sum + difference * difference
    }
    return 10 * log10(255 * 255 * Double(left.pixels.count) / sum)
}

/// The kind of the media error that a piece of work throws, or nil.
func errorKind(_ work: () throws -> Void) -> MediaError.Kind? {
    do {
        try work()
        return nil
    } catch let error as MediaError {
        return error.kind
    } catch {
        return nil
    }
}
