import Testing

@testable import Dolls

/// What a search set says of its films is so.
@Suite struct SearchSetTests {
    let set = SearchSet(World(seed: 1, split: .test), performances: 4, repeated: 3, combined: 10)

    @Test("parts share neither figures nor motions, but for what they are about")
    func parts() {
        let films = set.films
        #expect(films.count == 16 * 4 + 3 * 4 + 3 * 4 + 10)
        for part in ["classes", "combined"] {
            let own = films.filter { $0.part == part }
            #expect(Set(own.map(\.figure)).count == own.count)
            #expect(Set(own.map(\.motion)).count == own.count)
        }
        for (label, own) in Dictionary(grouping: films.filter { $0.part == "motions" }, by: \.label)
        {
            #expect(
                Set(own.map(\.motion)).count == 1 && Set(own.map(\.figure)).count == 4,
                "\(label)"
            )
        }
        for (label, own) in Dictionary(grouping: films.filter { $0.part == "figures" }, by: \.label)
        {
            #expect(
                Set(own.map(\.figure)).count == 1 && Set(own.map(\.motion)).count == 4,
                "\(label)"
            )
        }
        let figures = Dictionary(grouping: films, by: \.part).values.map { Set($0.map(\.figure)) }
        let all = figures.reduce(into: Set<Int>()) { $0.formUnion($1) }
        #expect(figures.reduce(0) { $0 + $1.count } == all.count)
    }

    @Test("in a class one part moves, and all others keep still")
    func classes() {
        for film in set.films where film.part == "classes" {
            let poses = (0..<25).map { Pose(film.motion, at: Double($0) / 25) }
            let moving = Pose.Part.allCases.filter { part in
                poses.contains { pose in
                    zip(pose.numbers[part.range], poses[0].numbers[part.range])
                        // A blink is of every head; arms hang with a tremor of 0.04.
                        .contains { abs($0 - $1) > (part == .head ? 1.01 : 0.1) }
                }
            }
            let named = Pose.Part.allCases.filter { film.motion.kinds[$0] != "still" }
            #expect(named.count == (film.label == "still" ? 0 : 1))
            #expect(Set(moving).isSubset(of: Set(named)), "\(film.label)")
        }
    }
}
