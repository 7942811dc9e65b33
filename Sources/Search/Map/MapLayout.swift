internal import Foundation

/// A place on the map.
public struct MapPoint: Sendable, Hashable {
    /// From left to right.
    public var x: Double
    /// From top to bottom.
    public var y: Double

    /// Names a place.
    public init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
}

/// Places for rows of an index on a plane, so that what is alike lies together.
///
/// t-SNE: van der Maaten and Hinton 2008, with the repulsion of all pairs up to `exactCount` places, and beyond that of the
/// cells of a quadtree (van der Maaten 2014). It starts from the principal plane; the rate of learning and the number of
/// steps follow Belkina and others 2019.
public struct MapLayout: Sendable {
    /// Up to so many places the repulsion is of all pairs.
    public static let exactCount = 2_000
    /// How many neighbours count as near, at most: the perplexity.
    public static let perplexity = 30.0
    /// Neighbours that a graph has to have.
    public static let neighbourCount = 90

    private static let steps = 750
    private static let exaggeratedSteps = 250
    private static let exaggeration = 12.0
    /// How far a cell has to be, in its own widths, to count as one: the smaller, the more exact.
    private static let accuracy = 0.5

    /// Lays rows out.
    ///
    /// - Parameters:
    ///   - index: Where the rows are.
    ///   - rows: What is mapped, as in the graph.
    ///   - graph: Who is near whom.
    ///   - seed: Another one gives a slightly other map; the same one the same.
    ///   - onStep: Is told the share that is done, 0...1; what it throws ends the work.
    /// - Returns: A place for each row, in 0...1 in both directions.
    public static func points(
        _ index: DescriptorIndex,
        rows: [Int],
        graph: NeighbourGraph,
        seed: UInt64,
        onStep: (Double) throws -> Void
    ) rethrows -> [MapPoint] {
        precondition(graph.count == rows.count, "a graph of other rows")
        guard rows.count > 2 else {
            return rows.indices.map { MapPoint(x: rows.count == 1 ? 0.5 : Double($0), y: 0.5) }
        }
        let affinities = NeighbourAffinities(
            graph,
            perplexity: min(perplexity, max(1, Double(rows.count - 1) / 3))
        )
        var points = start(index, rows, seed)
        var descent = Descent(points.count, Double(rows.count) / exaggeration)
        for step in 0..<steps {
            try onStep(Double(step) / Double(steps))
            let isEarly = step < exaggeratedSteps
            let repulsion =
                rows.count <= exactCount
                ? Repulsion(ofAll: points) : QuadTree(points).forces(points, accuracy)
            descent.step(
                &points,
                affinities,
                repulsion,
                exaggeration: isEarly ? exaggeration : 1,
                momentum: isEarly ? 0.5 : 0.8
            )
        }
        return unitSquare(points)
    }

    /// Places on the principal plane, close to zero, where forces are even.
    private static func start(_ index: DescriptorIndex, _ rows: [Int], _ seed: UInt64) -> [MapPoint]
    {
        let plane = PrincipalPlane(index, rows: rows, seed: seed)
        var points = rows.map { row in
            let place = plane(index.descriptor(row))
            return MapPoint(x: place.x, y: place.y)
        }
        let square = points.reduce(0) { $0 + $1.x * $1.x } / Double(points.count)
        let scale = square > 1e-18 ? 1e-4 / square.squareRoot() : 0
        // Equal rows would stay at one place for ever.
        var random = RandomNumbers(seed &+ 1)
        for place in points.indices {
            points[place].x = points[place].x * scale + 1e-6 * random.normal()
            points[place].y = points[place].y * scale + 1e-6 * random.normal()
        }
        return points
    }

    /// One scale for both directions, in the middle of 0...1; a few far ones do not squeeze the others.
    private static func unitSquare(_ points: [MapPoint]) -> [MapPoint] {
        let (xs, ys) = (points.map(\.x), points.map(\.y))
        let (left, right) = (xs.min() ?? 0, xs.max() ?? 0)
        let (top, bottom) = (ys.min() ?? 0, ys.max() ?? 0)
        let size = max(right - left, bottom - top, 1e-12)
        return points.map {
            MapPoint(
                x: 0.5 + ($0.x - (left + right) / 2) / size,
                y: 0.5 + ($0.y - (top + bottom) / 2) / size
            )
        }
    }
}

/// Gradient descent with momentum and a rate for each coordinate (Jacobs 1988).
private struct Descent {
    private let rate: Double
    private var speed: [MapPoint]
    private var gains: [MapPoint]

    init(_ count: Int, _ rate: Double) {
        self.rate = max(50, rate)
        speed = Array(repeating: MapPoint(x: 0, y: 0), count: count)
        gains = Array(repeating: MapPoint(x: 1, y: 1), count: count)
    }

    mutating func step(
        _ points: inout [MapPoint],
        _ affinities: NeighbourAffinities,
        _ repulsion: Repulsion,
        exaggeration: Double,
        momentum: Double
    ) {
        let shares = 1 / max(repulsion.sum, .leastNormalMagnitude)
        var slopes = repulsion.forces.map { MapPoint(x: -4 * $0.x * shares, y: -4 * $0.y * shares) }
        for place in points.indices {
            let own = points[place]
            var (x, y) = (0.0, 0.0)
            for entry in affinities.starts[place]..<affinities.starts[place + 1] {
                let other = points[Int(affinities.columns[entry])]
                let (dx, dy) = (own.x - other.x, own.y - other.y)
                let pull = affinities.values[entry] / (1 + dx * dx + dy * dy)
                x += pull * dx
                y += pull * dy
            }
            slopes[place].x += 4 * exaggeration * x
            slopes[place].y += 4 * exaggeration * y
        }
        for place in points.indices {
            Self.advance(
                &points[place].x,
                &speed[place].x,
                &gains[place].x,
                rate * slopes[place].x,
                momentum
            )
            Self.advance(
                &points[place].y,
                &speed[place].y,
                &gains[place].y,
                rate * slopes[place].y,
                momentum
            )
        }
        centre(&points)
    }

    /// Static: a copy of the arrays would else be held while they change.
    private static func advance(
        _ value: inout Double,
        _ speed: inout Double,
        _ gain: inout Double,
        _ step: Double,
        _ momentum: Double
    ) {
        gain = (step > 0) == (speed > 0) ? max(0.01, gain * 0.8) : gain + 0.2
        speed = momentum * speed - gain * step
        value += speed
    }

    private func centre(_ points: inout [MapPoint]) {
        let count = Double(points.count)
        let x = points.reduce(0) { $0 + $1.x } / count
        let y = points.reduce(0) { $0 + $1.y } / count
        for place in points.indices {
            points[place].x -= x
            points[place].y -= y
        }
    }
}
