/// How far a map can be trusted.
public enum MapQuality {
    /// Whether what lies together on the map is alike: 1 if all of it is, about 0.5 for places at random.
    ///
    /// Source: Venna and Kaski 2001, equation (2).
    ///
    /// - Parameters:
    ///   - points: The map.
    ///   - k: How many neighbours on the map are looked at, fewer than half of all.
    ///   - asked: Places whose neighbours are looked at.
    ///   - scores: How like all places are to one, the own score among them.
    /// - Returns: The mean over the places that were asked.
    public static func trustworthiness(
        _ points: [MapPoint],
        k: Int,
        asked: [Int],
        scores: (Int) throws -> [Float]
    ) rethrows -> Double {
        let count = points.count
        precondition(k > 0 && 2 * k < count && !asked.isEmpty, "\(k) neighbours of \(count)")
        var penalty = 0
        for place in asked {
            let scores = try scores(place)
            precondition(scores.count == count, "scores of other places")
            let order = (0..<count).filter { $0 != place }
                .sorted { (scores[$1], $0) < (scores[$0], $1) }
            var rank = [Int](repeating: 0, count: count)
            for (index, other) in order.enumerated() { rank[other] = index + 1 }
            for other in nearest(points, place, k) { penalty += max(0, rank[other] - k) }
        }
        let worst = Double(asked.count * k) * Double(2 * count - 3 * k - 1) / 2
        return 1 - Double(penalty) / worst
    }

    /// The nearest places on the map.
    package static func nearest(_ points: [MapPoint], _ place: Int, _ k: Int) -> [Int] {
        func distance(_ other: Int) -> Double {
            let (dx, dy) = (points[other].x - points[place].x, points[other].y - points[place].y)
            return dx * dx + dy * dy
        }
        let distances = points.indices.map(distance)
        return Array(
            points.indices.filter { $0 != place }
                .sorted { (distances[$0], $0) < (distances[$1], $1) }.prefix(k)
        )
    }
}
