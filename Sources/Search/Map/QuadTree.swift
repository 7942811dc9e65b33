/// Places in squares of squares; a far square pushes as if all its places were in their middle (Barnes and Hut 1986).
package struct QuadTree {
    /// Squares are not divided further than so many times: places may be equal.
    private static let depth = 32

    private struct Square {
        /// The middle of its places.
        var x: Double, y: Double
        /// How many they are.
        var count: Double
        /// The square of its width; 0 if it is not divided.
        var size: Double
        /// The next square that does not lie in this one.
        var next: Int32
    }

    /// A square, then the squares in it, quarter by quarter.
    private var squares: [Square] = []
    /// The places, those of a square one after the other.
    private var order: [Int32]
    /// Where the last square of each place lies, if it shares that square with equal ones.
    private var shared: [Int32: Int32] = [:]

    /// Divides places.
    package init(_ points: [MapPoint]) {
        let left = points.reduce(.infinity) { min($0, $1.x) }
        let top = points.reduce(.infinity) { min($0, $1.y) }
        let size = points.reduce(1e-12) { max($0, $1.x - left, $1.y - top) } * (1 + 1e-9)
        order = points.indices.map { Int32($0) }
        squares.reserveCapacity(2 * points.count)
        if !points.isEmpty {
            divide(0..<points.count, x: left, y: top, size: size, level: 0, points)
        }
    }

    private mutating func divide(
        _ range: Range<Int>,
        x: Double,
        y: Double,
        size: Double,
        level: Int,
        _ points: [MapPoint]
    ) {
        var (sumX, sumY) = (0.0, 0.0)
        for place in order[range] {
            sumX += points[Int(place)].x
            sumY += points[Int(place)].y
        }
        let count = Double(range.count)
        let own = squares.count
        squares.append(Square(x: sumX / count, y: sumY / count, count: count, size: 0, next: 0))
        defer { squares[own].next = Int32(squares.count) }
        guard range.count > 1 else { return }
        guard level < Self.depth else {
            for place in order[range] { shared[place] = Int32(own) }
            return
        }
        squares[own].size = size * size
        let half = size / 2
        func isLower(_ place: Int32) -> Bool { points[Int(place)].y >= y + half }
        func isRight(_ place: Int32) -> Bool { points[Int(place)].x >= x + half }
        let middle = order[range].partition(by: isLower)
        for (rows, top) in [(range.lowerBound..<middle, y), (middle..<range.upperBound, y + half)] {
            let split = order[rows].partition(by: isRight)
            for (part, left) in [(rows.lowerBound..<split, x), (split..<rows.upperBound, x + half)]
            where !part.isEmpty {
                divide(part, x: left, y: top, size: half, level: level + 1, points)
            }
        }
    }

    /// The repulsion of all places.
    ///
    /// - Parameters:
    ///   - points: As the tree was made of.
    ///   - accuracy: Width over distance below which a square counts as one place.
    /// - Returns: The forces of all places, and the sum of q.
    package func forces(_ points: [MapPoint], _ accuracy: Double) -> Repulsion {
        let limit = accuracy * accuracy
        var forces = [MapPoint](repeating: MapPoint(x: 0, y: 0), count: points.count)
        var sum = 0.0
        squares.withUnsafeBufferPointer { squares in
            // Neighbours look at about the same squares.
            for place in order {
                let point = points[Int(place)]
                var (x, y, near) = (0.0, 0.0, 0.0)
                var index = 0
                while index < squares.count {
                    let square = squares[index]
                    let (dx, dy) = (point.x - square.x, point.y - square.y)
                    let distance = dx * dx + dy * dy
                    guard square.size < limit * distance || square.size == 0 else {
                        index += 1
                        continue
                    }
                    let q = 1 / (1 + distance)
                    near += square.count * q
                    let push = square.count * q * q
                    x += push * dx
                    y += push * dy
                    index = Int(square.next)
                }
                forces[Int(place)] = MapPoint(x: x, y: y)
                sum += near
            }
        }
        return Repulsion(forces: forces, sum: sum - ownShare(points))
    }

    /// What places add to the sum of q by themselves; to their forces it is nothing.
    private func ownShare(_ points: [MapPoint]) -> Double {
        shared.reduce(Double(points.count - shared.count)) { sum, entry in
            let (point, square) = (points[Int(entry.key)], squares[Int(entry.value)])
            let (dx, dy) = (point.x - square.x, point.y - square.y)
            return sum + 1 / (1 + dx * dx + dy * dy)
        }
    }
}
