/// How a stored picture has to be turned and mirrored to be shown upright.
struct Orientation: Equatable {
    /// Whether rows become columns.
    var isTransposed = false
    /// Whether the shown picture runs against the stored axis, after transposing.
    var flipsX = false
    var flipsY = false

    static let upright = Orientation()

    init() {}

    /// Reads a display matrix of nine 16.16 numbers, rounded to the nearest quarter turn.
    ///
    /// The matrix maps stored (p, q) to shown (a p + c q, b p + d q); see libavutil/display.h.
    init(displayMatrix matrix: UnsafePointer<Int32>?) {
        guard let matrix else { return }
        let (a, b) = (Int64(matrix[0]), Int64(matrix[1]))
        let (c, d) = (Int64(matrix[3]), Int64(matrix[4]))
        isTransposed = abs(a) + abs(d) < abs(b) + abs(c)
        flipsX = (isTransposed ? c : a) < 0
        flipsY = (isTransposed ? b : d) < 0
    }

    /// The clockwise turn in degrees: 0, 90, 180 or 270; a mirroring is left out.
    var degrees: Int {
        switch (isTransposed, flipsX, flipsY) {
        case (false, _, false): 0
        case (false, _, true): 180
        case (true, true, _): 90
        case (true, false, _): 270
        }
    }

    /// Turns a picture upright.
    func apply(to image: RGBImage) -> RGBImage {
        guard self != .upright else { return image }
        let width = isTransposed ? image.height : image.width
        let height = isTransposed ? image.width : image.height
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { out, count in
            image.pixels.withUnsafeBufferPointer { stored in
                for y in 0..<height {
                    for x in 0..<width {
                        let across = flipsX ? width - 1 - x : x
                        let down = flipsY ? height - 1 - y : y
                        let (p, q) = isTransposed ? (down, across) : (across, down)
                        let from = 3 * (q * image.width + p)
                        let to = 3 * (y * width + x)
                        for channel in 0..<3 {
                            out.initializeElement(at: to + channel, to: stored[from + channel])
                        }
                    }
                }
            }
            count = 3 * width * height
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }
}
