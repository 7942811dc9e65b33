/// A picture of 8-bit sRGB pixels.
public struct RGBImage: Sendable, Hashable {
    /// The number of columns.
    public let width: Int
    /// The number of rows.
    public let height: Int
    /// Red, green and blue of each pixel, row by row from the top left; `3 * width * height` bytes.
    public let pixels: [UInt8]

    /// Wraps interleaved pixels.
    ///
    /// - Parameters:
    ///   - width: The number of columns, at least 1.
    ///   - height: The number of rows, at least 1.
    ///   - pixels: `3 * width * height` bytes.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(
            width > 0 && height > 0 && pixels.count == 3 * width * height,
            "a picture of \(width)x\(height) does not have \(pixels.count) bytes"
        )
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Makes a picture of one colour.
    public init(width: Int, height: Int, red: UInt8, green: UInt8, blue: UInt8) {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(3 * width * height)
        for _ in 0..<width * height { pixels += [red, green, blue] }
        self.init(width: width, height: height, pixels: pixels)
    }

    /// The red, green and blue of one pixel.
    public subscript(x: Int, y: Int) -> SIMD3<UInt8> {
        let at = 3 * (y * width + x)
        return SIMD3(pixels[at], pixels[at + 1], pixels[at + 2])
    }

    /// Copies a rectangle that lies inside the picture.
    ///
    /// - Parameters:
    ///   - x: The first column.
    ///   - y: The first row.
    ///   - width: The columns to keep.
    ///   - height: The rows to keep.
    /// - Returns: The rectangle as a picture of its own.
    public func cropped(x: Int, y: Int, width: Int, height: Int) -> RGBImage {
        precondition(
            x >= 0 && y >= 0 && x + width <= self.width && y + height <= self.height,
            "crop \(width)x\(height) at (\(x), \(y)) leaves the \(self.width)x\(self.height) picture"
        )
        var kept: [UInt8] = []
        kept.reserveCapacity(3 * width * height)
        for row in y..<y + height {
            let start = 3 * (row * self.width + x)
            kept += pixels[start..<start + 3 * width]
        }
        return RGBImage(width: width, height: height, pixels: kept)
    }

    /// Adds borders that repeat the nearest pixel of the edge.
    public func paddedByEdge(left: Int, top: Int, right: Int, bottom: Int) -> RGBImage {
        precondition(min(left, top, right, bottom) >= 0, "borders cannot be negative")
        let newWidth = width + left + right
        var padded: [UInt8] = []
        padded.reserveCapacity(3 * newWidth * (height + top + bottom))
        for newRow in 0..<height + top + bottom {
            let start = 3 * width * min(max(newRow - top, 0), height - 1)
            let row = pixels[start..<start + 3 * width]
            for _ in 0..<left { padded += row.prefix(3) }
            padded += row
            for _ in 0..<right { padded += row.suffix(3) }
        }
        return RGBImage(width: newWidth, height: height + top + bottom, pixels: padded)
    }

    /// Adds borders of one colour.
    public func padded(
        left: Int,
        top: Int,
        right: Int,
        bottom: Int,
        with color: SIMD3<UInt8>
    ) -> RGBImage {
        precondition(min(left, top, right, bottom) >= 0, "borders cannot be negative")
        let canvas = RGBImage(
            width: width + left + right,
            height: height + top + bottom,
            red: color.x,
            green: color.y,
            blue: color.z
        )
        return canvas.pasting(self, x: left, y: top)
    }

    /// The picture with another one laid over a rectangle that lies inside it.
    public func pasting(_ other: RGBImage, x: Int, y: Int) -> RGBImage {
        precondition(
            x >= 0 && y >= 0 && x + other.width <= width && y + other.height <= height,
            "\(other.width)x\(other.height) at (\(x), \(y)) leaves the \(width)x\(height) picture"
        )
        var result = pixels
        for row in 0..<other.height {
            let to = 3 * ((y + row) * width + x)
            let from = 3 * row * other.width
            let count = 3 * other.width
            result.replaceSubrange(to..<to + count, with: other.pixels[from..<from + count])
        }
        return RGBImage(width: width, height: height, pixels: result)
    }
}
