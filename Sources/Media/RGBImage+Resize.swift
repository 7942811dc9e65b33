extension RGBImage {
    /// Resizes with a triangle filter that widens when shrinking, so that nothing is skipped.
    ///
    /// Enlarging is plain bilinear interpolation with pixel centres at halves; shrinking averages
    /// all covered pixels. This is the antialiased bilinear filter of common imaging libraries.
    /// For thumbnails and previews: a network's own resize belongs to its model.
    ///
    /// - Parameters:
    ///   - width: The new number of columns, at least 1.
    ///   - height: The new number of rows, at least 1.
    /// - Returns: The picture in its new size.
    public func resized(width: Int, height: Int) -> RGBImage {
        precondition(width > 0 && height > 0, "cannot resize to \(width)x\(height)")
        if width == self.width, height == self.height { return self }
        let columns = FilterTaps.triangle(from: self.width, to: width)
        let rows = FilterTaps.triangle(from: self.height, to: height)
        let wide = RGBImage.filterRows(pixels, height: self.height, from: self.width, columns)
        let bytes = RGBImage.filterColumns(wide, rowCount: 3 * width, rows)
        return RGBImage(width: width, height: height, pixels: bytes)
    }

    /// Resizes to a height and keeps the shape of the picture; the width is at least 1.
    public func resized(toHeight height: Int) -> RGBImage {
        let width = (Double(self.width) * Double(height) / Double(self.height)).rounded()
        return resized(width: max(1, Int(width)), height: height)
    }

    /// `[height, from, 3]` bytes to `[height, taps, 3]` floats.
    private static func filterRows(
        _ pixels: [UInt8],
        height: Int,
        from: Int,
        _ taps: [FilterTaps]
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: 3 * height * taps.count) { out, count in
            pixels.withUnsafeBufferPointer { pixels in
                for row in 0..<height {
                    for (column, tap) in taps.enumerated() {
                        var sum = SIMD3<Float>.zero
                        var at = 3 * (row * from + tap.first)
                        for weight in tap.weights {
                            let pixel = SIMD3(pixels[at], pixels[at + 1], pixels[at + 2])
                            sum += weight * SIMD3<Float>(pixel)
                            at += 3
                        }
                        let to = 3 * (row * taps.count + column)
                        for channel in 0..<3 {
                            out.initializeElement(at: to + channel, to: sum[channel])
                        }
                    }
                }
            }
            count = 3 * height * taps.count
        }
    }

    /// `[height, rowCount]` floats to `[taps, rowCount]` bytes.
    private static func filterColumns(
        _ values: [Float],
        rowCount: Int,
        _ taps: [FilterTaps]
    ) -> [UInt8] {
        var sums = [Float](repeating: 0, count: rowCount)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(taps.count * rowCount)
        for tap in taps {
            for index in 0..<rowCount { sums[index] = 0 }
            for (offset, weight) in tap.weights.enumerated() {
                let start = (tap.first + offset) * rowCount
                for index in 0..<rowCount { sums[index] += weight * values[start + index] }
            }
            for sum in sums { bytes.append(UInt8(min(max(sum, 0), 255).rounded())) }
        }
        return bytes
    }
}

/// The input pixels that make one output pixel, and their weights, which sum to 1.
private struct FilterTaps {
    let first: Int
    let weights: [Float]

    /// The taps of a triangle filter for every output pixel of one axis.
    static func triangle(from: Int, to: Int) -> [FilterTaps] {
        let step = Double(from) / Double(to)
        let radius = max(step, 1)
        return (0..<to).map { index in
            let center = (Double(index) + 0.5) * step
            let first = max(Int(center - radius + 0.5), 0)
            let end = max(min(Int(center + radius + 0.5), from), first + 1)
            let weights = (first..<end).map { tap in
                max(0, 1 - abs((Double(tap) + 0.5 - center) / radius))
            }
            let sum = weights.reduce(0, +)
            return FilterTaps(first: first, weights: weights.map { Float($0 / sum) })
        }
    }
}
