/// Dense optical flow of grey pictures: iterated Lucas-Kanade on a pyramid.
///
/// From coarse to fine, each level improves the flow of the one above it: the second picture is warped by it, and
/// each pixel solves the 2x2 least squares of its window of 9x9. A ridge of 3e-4 of the mean gradient energy pulls
/// the flow of flat places to zero, so that nothing spills from what moves. It measures motions of up to 20 or
/// so pixels of what has edges or texture; in flat cloth it knows none, where a warp changes nothing either.
/// Source: Lucas and Kanade 1981, "An Iterative Image Registration Technique"; Bouguet 2000, pyramidal form.
public struct OpticalFlow: Sendable {
    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int
    /// Displacement to the right at each pixel.
    public private(set) var x: [Float]
    /// Displacement down at each pixel.
    public private(set) var y: [Float]

    private static let windowRadius = 4
    private static let iterations = 4
    /// The smallest side of a level.
    private static let smallest = 16
    private static let ridge: Float = 3e-4

    /// Finds where each pixel of the first picture lies in the second one.
    ///
    /// - Parameters:
    ///   - first: `[H, W]`.
    ///   - second: `[H, W]`.
    ///   - width: W.
    public init(from first: [Float], to second: [Float], width: Int) {
        let height = first.count / width
        precondition(first.count == second.count, "pictures of two sizes")
        (self.width, self.height) = (width, height)
        var levels = [(GreyPlane(first, width), GreyPlane(second, width))]
        while let last = levels.last, min(last.0.width, last.0.height) >= 2 * Self.smallest {
            levels.append((last.0.halved, last.1.halved))
        }
        (x, y) = ([], [])
        for (index, level) in levels.enumerated().reversed() {
            let coarse = index + 1 < levels.count ? levels[index + 1].0 : nil
            grow(from: coarse, to: level.0)
            for _ in 0..<Self.iterations { improve(level.0, level.1) }
        }
    }

    /// Starts a level with twice the flow of the coarser one.
    private mutating func grow(from coarse: GreyPlane?, to fine: GreyPlane) {
        guard let coarse else {
            x = [Float](repeating: 0, count: fine.width * fine.height)
            y = x
            return
        }
        let (oldX, oldY) = (GreyPlane(x, coarse.width), GreyPlane(y, coarse.width))
        func enlarged(_ plane: GreyPlane) -> [Float] {
            (0..<fine.width * fine.height).map { place in
                2
                    * plane.value(
                        Float(place % fine.width) / 2 - 0.25,
                        Float(place / fine.width) / 2 - 0.25
                    )
            }
        }
        (x, y) = (enlarged(oldX), enlarged(oldY))
    }

    /// One Gauss-Newton step at every pixel.
    private mutating func improve(_ first: GreyPlane, _ second: GreyPlane) {
        let (w, h) = (first.width, first.height)
        let warped = GreyPlane(second.warped(x, y), w)
        var products = [[Float]](repeating: [Float](repeating: 0, count: w * h), count: 5)
        var energy: Float = 0
        for row in 0..<h {
            for column in 0..<w {
                let place = row * w + column
                // The mean of both gradients: twice the accuracy of either.
                let gx = (first.slopeX(column, row) + warped.slopeX(column, row)) / 2
                let gy = (first.slopeY(column, row) + warped.slopeY(column, row)) / 2
                // What was measured at this pixel is measured from its own flow, not from that of the window's centre.
                let gt =
                    first.values[place] - warped.values[place] + gx * x[place] + gy * y[place]
                products[0][place] = gx * gx
                products[1][place] = gx * gy
                products[2][place] = gy * gy
                products[3][place] = gx * gt
                products[4][place] = gy * gt
                energy += gx * gx + gy * gy
            }
        }
        let sums = products.map { GreyPlane($0, w).boxSums(Self.windowRadius) }
        let area = Float((2 * Self.windowRadius + 1) * (2 * Self.windowRadius + 1))
        let ridge = Self.ridge * area * energy / Float(w * h) + 1e-6
        // (A + ridge) flow = gradients * difference: the ridge pulls the flow, not its step, and no step is longer
        // than the window.
        let limit = Float(Self.windowRadius)
        for place in 0..<w * h {
            let (a, b, c) = (sums[0][place], sums[1][place], sums[2][place])
            let (oldX, oldY) = (x[place], y[place])
            let (u, v) = (sums[3][place], sums[4][place])
            let determinant = (a + ridge) * (c + ridge) - b * b
            let newX = ((c + ridge) * u - b * v) / determinant
            let newY = ((a + ridge) * v - b * u) / determinant
            x[place] = max(oldX - limit, min(oldX + limit, newX))
            y[place] = max(oldY - limit, min(oldY + limit, newY))
        }
    }
}

/// A plane of numbers that is read between pixels; its border repeats.
struct GreyPlane {
    let values: [Float]
    let width: Int
    let height: Int

    init(_ values: [Float], _ width: Int) {
        (self.values, self.width) = (values, width)
        height = values.count / width
    }

    /// Between pixels by bilinear weights.
    func value(_ x: Float, _ y: Float) -> Float {
        let (cx, cy) = (max(0, min(Float(width - 1), x)), max(0, min(Float(height - 1), y)))
        let (left, top) = (min(Int(cx), max(0, width - 2)), min(Int(cy), max(0, height - 2)))
        let (fx, fy) = (cx - Float(left), cy - Float(top))
        let (right, bottom) = (min(left + 1, width - 1), min(top + 1, height - 1))
        let upper =
            values[top * width + left] * (1 - fx) + values[top * width + right] * fx
        let lower =
            values[bottom * width + left] * (1 - fx) + values[bottom * width + right] * fx
        return upper * (1 - fy) + lower * fy
    }

    func slopeX(_ column: Int, _ row: Int) -> Float {
        let line = row * width
        return (values[line + min(width - 1, column + 1)] - values[line + max(0, column - 1)]) / 2
    }

    func slopeY(_ column: Int, _ row: Int) -> Float {
        let (up, down) = (max(0, row - 1), min(height - 1, row + 1))
        return (values[down * width + column] - values[up * width + column]) / 2
    }

    /// Reads every pixel where a flow leads.
    func warped(_ flowX: [Float], _ flowY: [Float]) -> [Float] {
        (0..<width * height).map { place in
            value(Float(place % width) + flowX[place], Float(place / width) + flowY[place])
        }
    }

    /// Means of 2x2 pixels.
    var halved: GreyPlane {
        let (w, h) = (width / 2, height / 2)
        return GreyPlane(
            (0..<w * h).map { place in
                let start = 2 * (place / w) * width + 2 * (place % w)
                let sum =
                    values[start] + values[start + 1] + values[start + width]
                    + values[start + width + 1]
                return sum / 4
            },
            w
        )
    }

    /// Sums over squares of `2 * radius + 1` pixels; those beyond the border are left out.
    func boxSums(_ radius: Int) -> [Float] {
        var across = [Float](repeating: 0, count: values.count)
        for row in 0..<height {
            let line = row * width
            var sum = values[line..<line + min(width, radius)].reduce(0, +)
            for column in 0..<width {
                if column + radius < width { sum += values[line + column + radius] }
                if column > radius { sum -= values[line + column - radius - 1] }
                across[line + column] = sum
            }
        }
        var result = [Float](repeating: 0, count: values.count)
        var sums = [Float](repeating: 0, count: width)
        for row in -radius..<height {
            if row + radius < height {
                for column in 0..<width { sums[column] += across[(row + radius) * width + column] }
            }
            if row > radius {
                for column in 0..<width {
                    sums[column] -= across[(row - radius - 1) * width + column]
                }
            }
            guard row >= 0 else { continue }
            for column in 0..<width { result[row * width + column] = sums[column] }
        }
        return result
    }
}
