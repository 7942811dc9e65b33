/// Reduces pictures to 255 colours for GIF.
///
/// A palette is made by repeatedly splitting the box of colours with the greatest squared error at
/// its mean, and is kept for the following frames until it fits them clearly worse: flat
/// backgrounds then stay still and compress. Gradients get a fixed (ordered) dither, which does not
/// crawl. Entry 255 is transparent; the encoder uses it for pixels that do not change.
struct PaletteMapper {
    private var colors: [SIMD3<Float>] = []
    private var isExact = false
    private var creationError: Float = 0
    private var nearest: [Int16] = []

    /// Maps a picture.
    ///
    /// - Returns: An index for each pixel, and the 256 palette entries as 0xAARRGGBB.
    mutating func map(_ image: RGBImage) -> (indices: [UInt8], entries: [UInt32]) {
        let histogram = ColorHistogram(image)
        if colors.isEmpty || isExact || error(of: histogram) > 1.25 * creationError + 1 {
            adopt(histogram)
        }
        let strength = isExact ? 0 : 2
        var indices = [UInt8](repeating: 0, count: image.width * image.height)
        image.pixels.withUnsafeBufferPointer { pixels in
            for y in 0..<image.height {
                for x in 0..<image.width {
                    let at = y * image.width + x
                    // -strength ..< strength, evenly over the 64 places
                    let offset =
                        (2 * PaletteMapper.bayer[(y & 7) * 8 + (x & 7)] - 63) * strength / 64
                    let red = min(max(Int(pixels[3 * at]) + offset, 0), 255)
                    let green = min(max(Int(pixels[3 * at + 1]) + offset, 0), 255)
                    let blue = min(max(Int(pixels[3 * at + 2]) + offset, 0), 255)
                    indices[at] = index(red, green, blue)
                }
            }
        }
        let opaque = colors.map { color -> UInt32 in
            let level = color.rounded(.toNearestOrAwayFromZero)
            return 0xFF00_0000 | UInt32(level.x) << 16 | UInt32(level.y) << 8 | UInt32(level.z)
        }
        let rest = [UInt32](repeating: 0xFF00_0000, count: 255 - opaque.count)
        return (indices, opaque + rest + [0x00FF_FFFF])
    }

    private mutating func adopt(_ histogram: ColorHistogram) {
        isExact = histogram.exactColors.count <= 255
        colors = isExact ? histogram.exactColors : histogram.palette(count: 255)
        nearest = [Int16](repeating: -1, count: 1 << 18)
        creationError = error(of: histogram)
    }

    private mutating func error(of histogram: ColorHistogram) -> Float {
        var sum: Float = 0
        for cell in histogram.cells {
            let mean = cell.mean
            let best = index(Int(mean.x), Int(mean.y), Int(mean.z))
            let difference = mean - colors[Int(best)]
            sum += cell.count * (difference * difference).sum()
        }
        return sum / histogram.pixelCount
    }

    /// The nearest palette entry, looked up by the upper six bits of each channel.
    private mutating func index(_ red: Int, _ green: Int, _ blue: Int) -> UInt8 {
        let key = (red >> 2) << 12 | (green >> 2) << 6 | blue >> 2
        if nearest[key] >= 0, !isExact { return UInt8(nearest[key]) }
        let wanted =
            isExact
            ? SIMD3(Float(red), Float(green), Float(blue))
            : SIMD3(Float(red | 3) - 1.5, Float(green | 3) - 1.5, Float(blue | 3) - 1.5)
        var best = 0
        var bestDistance = Float.infinity
        for (candidate, color) in colors.enumerated() {
            let difference = color - wanted
            let distance = (difference * difference).sum()
            if distance < bestDistance { (best, bestDistance) = (candidate, distance) }
        }
        nearest[key] = Int16(best)
        return UInt8(best)
    }

    /// The 8x8 ordered dither matrix, 0...63 (Bayer, 1973).
    private static let bayer: [Int] = (0..<64).map { place in
        let (x, y) = (place & 7, place >> 3)
        return (0..<3).reduce(0) { sum, bit in
            let (right, down) = (x >> bit & 1, y >> bit & 1)
            return sum | ((right ^ down) << 1 | down) << (2 * (2 - bit))
        }
    }
}

/// The colours of a picture in 32 x 32 x 32 cells.
private struct ColorHistogram {
    struct Cell {
        var count: Float = 0
        var sum = SIMD3<Float>.zero
        var mean: SIMD3<Float> { sum / count }
    }

    /// The cells with pixels in them.
    let cells: [Cell]
    let pixelCount: Float
    /// The distinct colours in order, or 256 of them if there are more than 255.
    let exactColors: [SIMD3<Float>]

    init(_ image: RGBImage) {
        var all = [Cell](repeating: Cell(), count: 1 << 15)
        var distinct: Set<Int> = []
        image.pixels.withUnsafeBufferPointer { pixels in
            for at in stride(from: 0, to: pixels.count, by: 3) {
                let red = Int(pixels[at])
                let green = Int(pixels[at + 1])
                let blue = Int(pixels[at + 2])
                let key = (red >> 3) << 10 | (green >> 3) << 5 | blue >> 3
                all[key].count += 1
                all[key].sum += SIMD3(Float(red), Float(green), Float(blue))
                if distinct.count < 256 { distinct.insert(red << 16 | green << 8 | blue) }
            }
        }
        cells = all.filter { $0.count > 0 }
        pixelCount = Float(image.width * image.height)
        exactColors = distinct.sorted().map { color in
            SIMD3(Float(color >> 16), Float(color >> 8 & 255), Float(color & 255))
        }
    }

    /// Splits the worst box until there are enough.
    func palette(count: Int) -> [SIMD3<Float>] {
        var boxes = [ColorBox(cells)]
        while boxes.count < count {
            guard let worst = boxes.indices.max(by: { boxes[$0].error < boxes[$1].error }),
                let (low, high) = boxes[worst].split()
            else { break }
            boxes[worst] = low
            boxes.append(high)
        }
        return boxes.map(\.mean)
    }
}

/// A set of cells that one palette entry stands for.
private struct ColorBox {
    let cells: [ColorHistogram.Cell]
    let mean: SIMD3<Float>
    /// The squared distances from the mean, by channel.
    let spread: SIMD3<Float>
    var error: Float { spread.sum() }

    init(_ cells: [ColorHistogram.Cell]) {
        let count = cells.reduce(0) { $0 + $1.count }
        let mean = cells.reduce(SIMD3<Float>.zero) { $0 + $1.sum } / count
        spread = cells.reduce(SIMD3<Float>.zero) { sum, cell in
            let difference = cell.mean - mean
            return sum + cell.count * difference * difference
        }
        (self.cells, self.mean) = (cells, mean)
    }

    /// Cuts at the mean of the widest channel; nil if all is one cell.
    func split() -> (ColorBox, ColorBox)? {
        let axis = (0..<3).max { spread[$0] < spread[$1] } ?? 0
        let low = cells.filter { $0.mean[axis] < mean[axis] }
        let high = cells.filter { $0.mean[axis] >= mean[axis] }
        guard !low.isEmpty, !high.isEmpty else { return nil }
        return (ColorBox(low), ColorBox(high))
    }
}
