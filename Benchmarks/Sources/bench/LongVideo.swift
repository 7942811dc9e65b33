import Media

/// A film of a disc that circles over a gradient, as long as wanted.
struct LongVideo {
    let width: Int
    let height: Int
    let seconds: Int
    private let framesPerSecond = 25

    init(width: Int, height: Int, seconds: Int) {
        self.width = width
        self.height = height
        self.seconds = seconds
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
            x: bounce(3 * frame, from: radius, to: width - radius),
            y: bounce(2 * frame, from: radius, to: height - radius)
        )
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { buffer, count in
            for y in 0..<height {
                for x in 0..<width {
                    let (dx, dy) = (x - centre.x, y - centre.y)
                    let isInside = dx * dx + dy * dy < radius * radius
                    let at = 3 * (y * width + x)
                    buffer[at] = isInside ? 230 : UInt8(x * 255 / width)
                    buffer[at + 1] = isInside ? 120 : UInt8(y * 255 / height)
                    buffer[at + 2] = isInside ? 30 : 160
                }
            }
            count = 3 * width * height
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    private func bounce(_ distance: Int, from low: Int, to high: Int) -> Int {
        let span = high - low
        let phase = distance % (2 * span)
        return low + (phase < span ? phase : 2 * span - phase)
    }
}
