import Kernels
import Search
import SeededNumbers
import Testing

/// Maps of rows whose classes are known.
@Suite struct MapTests {
    private static let layout = DescriptorLayout(groups: 4, numbers: 32)

    /// Rows around the centres of classes, in turn.
    private static func rows(
        _ count: Int,
        classes: Int,
        noise: Float
    ) -> (index: DescriptorIndex, family: [Int]) {
        var made = RandomDescriptors(groups: layout.groups, numbers: 32, seed: 7)
        let centres = (0..<classes).map { _ in made.next() }
        let rows = (0..<count).map { number in
            var values = zip(centres[number % classes], made.next()).map { $0 + noise * $1 }
            for group in 0..<layout.groups {
                let range = group * layout.width..<(group + 1) * layout.width
                let length = values[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
                for index in range { values[index] /= length }
            }
            return IndexRow(IndexEntry(asset: Int64(number) + 1), values)
        }
        return (.ofRows(rows, layout), (0..<count).map { $0 % classes })
    }

    private static func map(
        _ index: DescriptorIndex,
        seed: UInt64 = 1
    ) -> (points: [MapPoint], graph: NeighbourGraph) {
        let rows = Array(0..<index.count)
        let graph = NeighbourGraph(index, rows: rows, k: MapLayout.neighbourCount) { _ in }
        let points = MapLayout.points(index, rows: rows, graph: graph, seed: seed) { _ in }
        return (points, graph)
    }

    /// The share of the ten nearest places on the map that are of the same class.
    private static func purity(_ points: [MapPoint], _ family: [Int]) -> Double {
        var right = 0
        for place in points.indices {
            right += MapQuality.nearest(points, place, 10).count { family[$0] == family[place] }
        }
        return Double(right) / Double(10 * points.count)
    }

    private static func trust(_ points: [MapPoint], _ index: DescriptorIndex) -> Double {
        let all = Array(points.indices)
        return MapQuality.trustworthiness(
            points,
            k: 10,
            asked: stride(from: 0, to: points.count, by: 7).map { $0 }
        ) { place in
            index.scores(of: all, index.query(place, weights: nil))
        }
    }

    private static let small = rows(600, classes: 12, noise: 0.9)

    @Test("classes end up together, and what lies together is alike")
    func classes() {
        let (index, family) = Self.small
        let points = Self.map(index).points
        // Chance is 49 of 599: 0.08.
        let purity = Self.purity(points, family)
        #expect(purity > 0.95, "\(purity)")
        let trust = Self.trust(points, index)
        #expect(trust > 0.93, "\(trust)")
        // The same places in another order are no map: the measures can fail.
        var random = SplitMix(seed: 1)
        let shuffled = points.shuffled(using: &random)
        #expect(Self.purity(shuffled, family) < 0.15)
        #expect(abs(Self.trust(shuffled, index) - 0.5) < 0.06)
    }

    @Test("the same seed gives the same map, another one another")
    func seeds() {
        let index = Self.small.index
        let points = Self.map(index).points
        #expect(points == Self.map(index).points)
        #expect(points != Self.map(index, seed: 2).points)
        #expect(points.allSatisfy { (0...1).contains($0.x) && (0...1).contains($0.y) })
    }

    @Test("beyond the number up to which all pairs push, maps are as good")
    func quadTree() {
        let (index, family) = Self.rows(MapLayout.exactCount + 400, classes: 24, noise: 0.9)
        let points = Self.map(index).points
        #expect(Self.purity(points, family) > 0.95)
        #expect(Self.trust(points, index) > 0.93)
    }

    @Test("squares push about as all pairs do")
    func repulsion() {
        var random = SplitMix(seed: 4)
        var points = (0..<1_003).map { _ in
            MapPoint(x: Double(random.normal()) * 20, y: Double(random.normal()) * 5)
        }
        // Equal places too.
        points += points.prefix(20)
        let exact = Repulsion(ofAll: points)
        let tree = QuadTree(points)
        #expect(abs(exact.sum / slow(points).sum - 1) < 1e-4)
        let near = tree.forces(points, 0.5)
        #expect(abs(near.sum / exact.sum - 1) < 0.01)
        let all = tree.forces(points, 0)
        #expect(abs(all.sum / slow(points).sum - 1) < 1e-9)
        let scale = slow(points).forces.map { abs($0.x) + abs($0.y) }.reduce(0, +) / 1_023
        for (one, other) in zip(near.forces, slow(points).forces) {
            #expect(abs(one.x - other.x) + abs(one.y - other.y) < 0.2 * scale)
        }
    }

    /// The formula.
    private func slow(_ points: [MapPoint]) -> Repulsion {
        var sum = 0.0
        let forces = points.indices.map { place in
            var force = MapPoint(x: 0, y: 0)
            for other in points.indices where other != place {
                let dx = points[place].x - points[other].x
                let dy = points[place].y - points[other].y
                let q = 1 / (1 + dx * dx + dy * dy)
                sum += q
                force.x += q * q * dx
                force.y += q * q * dy
            }
            return force
        }
        return Repulsion(forces: forces, sum: sum)
    }

    @Test("few rows and equal rows have places", arguments: [0, 1, 2, 3, 5, 40])
    func few(count: Int) {
        var made = RandomDescriptors(groups: 4, numbers: 32)
        let row = made.next()
        let rows = (0..<count).map { IndexRow(IndexEntry(asset: Int64($0) + 1), row) }
        let index = DescriptorIndex.ofRows(rows, made.layout)
        let points = Self.map(index).points
        #expect(points.count == count)
        #expect(points.allSatisfy { (0...1).contains($0.x) && (0...1).contains($0.y) })
        #expect(Set(points).count == count, "equal rows lie beside each other")
    }

    @Test("trustworthiness of a perfect map is 1, of the worst one 0")
    func trustworthiness() {
        let line = (0..<50).map { MapPoint(x: Double($0 * $0), y: 0) }
        func trust(_ sign: Float) -> Double {
            MapQuality.trustworthiness(line, k: 5, asked: Array(0..<50)) { place in
                line.map { sign * -abs(Float($0.x - line[place].x)) }
            }
        }
        #expect(trust(1) == 1)
        #expect(trust(-1) < 0.1)
    }

    @Test("affinities are symmetric, sum to 1, and spread over as many as the perplexity says")
    func affinities() {
        let index = Self.small.index
        let graph = Self.map(index).graph
        let affinities = NeighbourAffinities(graph, perplexity: 30)
        #expect(abs(affinities.values.reduce(0, +) - 1) < 1e-9)
        var entries: [[Int32]: Double] = [:]
        for row in 0..<600 {
            for entry in affinities.starts[row]..<affinities.starts[row + 1] {
                entries[[Int32(row), affinities.columns[entry]]] = affinities.values[entry]
            }
        }
        #expect(entries.count == affinities.values.count, "each pair once")
        for (pair, value) in entries {
            #expect(entries[[pair[1], pair[0]]].map { abs($0 - value) < 1e-15 } == true)
        }
    }
}
