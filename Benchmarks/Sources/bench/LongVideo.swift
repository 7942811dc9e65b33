import Media

/// A film of a textured disc that circles over a textured gradient, as long as wanted.
///
/// Texture makes the codec work as hard as on what a camera sees.
struct LongVideo {
    let width: Int
    let height: Int
    let seconds: Int
    private let framesPerSecond = 25
    private let ground: [Int]
    private let disc: [Int]

    init(width: Int, height: Int, seconds: Int) {
        self.width = width
        self.height = height
        self.seconds = seconds
        ground = Self.texture(width * height, seed: 1)
        disc = Self.texture(width * height, seed: 2)
    }

    /// Draws and encodes it, a frame at a time.
    func write(to path: String) throws {
        guard let rate = FrameRate(framesPerSecond) else { throw BenchError("25 frames a second") }
        let film = try VideoWriter(path: path, width: width, height: height, frameRate: rate)
        for frame in 0..<seconds * framesPerSecond { try film.append(image(frame)) }
        try film.finish()
    }

    private func image(_ frame: Int) -> RGBImage {
        // A triangle wave in each direction: no two seconds of the film are the same.
        let radius = height / 6
        let centre = (
            x: bounce(9 * frame, from: radius, to: width - radius),
            y: bounce(6 * frame, from: radius, to: height - radius)
        )
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { buffer, count in
            for y in 0..<height {
                for x in 0..<width {
                    let (dx, dy) = (x - centre.x, y - centre.y)
                    let isInside = dx * dx + dy * dy < radius * radius
                    let at = 3 * (y * width + x)
                    // The disc takes its texture with it.
                    let grain =
                        isInside
                        ? disc[(dy + radius) * width + dx + radius] : ground[y * width + x]
                    let base =
                        isInside ? (230, 120, 30) : (x * 255 / width, y * 255 / height, 160)
                    buffer[at] = UInt8(clamping: base.0 + grain)
                    buffer[at + 1] = UInt8(clamping: base.1 + grain)
                    buffer[at + 2] = UInt8(clamping: base.2 + grain)
                }
            }
            count = 3 * width * height
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// Numbers between -20 and 20 that look random, the same each time.
    private static func texture(_ count: Int, seed: UInt64) -> [Int] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % 41 - 20
        }
    }

    private func bounce(_ distance: Int, from low: Int, to high: Int) -> Int {
        let span = high - low
        let phase = distance % (2 * span)
        return low + (phase < span ? phase : 2 * span - phase)
    }
}
