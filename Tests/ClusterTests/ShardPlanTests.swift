import Cluster
import Testing

/// How the films of an ingest are shared out.
struct ShardPlanTests {
    private static let costs = ShardPlan.Costs(clipSeconds: 2, perMegabyte: 0.02)

    private static func film(_ name: String, seconds: Double, megabytes: Int = 1)
        -> ShardPlan.Source
    {
        ShardPlan.Source(
            path: "/films/\(name)",
            byteCount: megabytes * 1_000_000,
            seconds: 0..<seconds
        )
    }

    /// Films of many lengths, from a picture to two hours.
    private static let films =
        (0..<200).map { film("clip\($0)", seconds: Double(1 + $0 * 7 % 12)) }
        + [
            film("picture", seconds: 0), film("long", seconds: 7_200),
            film("longer", seconds: 3_600),
        ]

    @Test(arguments: [1, 2, 7, 40, 1_000])
    func everySecondBelongsToOneShard(count: Int) {
        let plan = ShardPlan(Self.films, Self.costs, count: count)
        #expect(plan.shards.count <= count)
        #expect(plan.shards.allSatisfy { !$0.sources.isEmpty })
        for film in Self.films {
            let shares = plan.shards.flatMap(\.sources).filter { $0.path == film.path }
            let ranges = shares.flatMap { $0.seconds ?? [-.infinity ..< .infinity] }
                .sorted { $0.lowerBound < $1.lowerBound }
            #expect(ranges.first?.lowerBound == -.infinity, "\(film.path) has its beginning")
            #expect(ranges.last?.upperBound == .infinity, "\(film.path) has its end")
            for (earlier, later) in zip(ranges, ranges.dropFirst()) {
                #expect(earlier.upperBound == later.lowerBound, "no gap, nothing twice")
            }
        }
    }

    /// A cut at the second where a clip begins would give that clip to either side, as times are rounded.
    @Test func longFilmsAreCutBetweenTheBeginningsOfClips() {
        let plan = ShardPlan([Self.film("long", seconds: 600)], Self.costs, count: 7)
        let cuts = plan.shards.flatMap(\.sources).compactMap(\.seconds).flatMap { $0 }
            .map(\.lowerBound).filter(\.isFinite)
        #expect(cuts.count == 6)
        for cut in cuts { #expect((cut / 2).truncatingRemainder(dividingBy: 1) == 0.5, "\(cut) s") }
    }

    /// What is shared out is work, not files: the greedy rule gives no shard more than 4/3 of the best (Graham, 1969).
    @Test(arguments: [2, 8, 40])
    func shardsCostAboutTheSame(count: Int) {
        let plan = ShardPlan(Self.films, Self.costs, count: count)
        let costs = plan.shards.map(\.cost)
        let mean = costs.reduce(0, +) / Double(count)
        #expect(plan.shards.count == count)
        #expect((costs.max() ?? 0) < 4 / 3 * mean)
        let counts = plan.shards.map(\.sources.count)
        #expect(counts.min() != counts.max(), "files differ, so their numbers have to")
    }

    /// A large file of few seconds takes time as well.
    @Test func bytesCount() {
        let films = [
            Self.film("heavy", seconds: 2, megabytes: 1_000), Self.film("a", seconds: 2),
            Self.film("b", seconds: 2), Self.film("c", seconds: 2),
        ]
        let plan = ShardPlan(films, Self.costs, count: 2)
        #expect(plan.shards.map { $0.sources.map(\.path) }.contains(["/films/heavy"]))
    }

    @Test func theOrderOfTheUserIsKept() {
        let plan = ShardPlan(Self.films, Self.costs, count: 5)
        let places = Dictionary(
            uniqueKeysWithValues: Self.films.enumerated().map { ($1.path, $0) }
        )
        for shard in plan.shards {
            let order = shard.sources.compactMap { places[$0.path] }
            #expect(order == order.sorted())
        }
    }

    /// One clip is not worth a task; Slurm takes no array over its limit.
    @Test func withoutAWishThereAreAsManyAsAreWorthIt() {
        let few = ShardPlan([Self.film("a", seconds: 20)], Self.costs, count: nil)
        #expect(few.shards.count == 1)
        let day = ShardPlan(
            (0..<50).map { Self.film("day\($0)", seconds: 86_400) },
            Self.costs,
            count: nil
        )
        #expect(day.shards.count == ShardPlan.shardLimit)
        #expect(ShardPlan([], Self.costs, count: 4).shards.isEmpty)
    }

    @Test func filmsThatAreOneClipEachStayWhole() {
        let whole = ShardPlan.Costs(clipSeconds: .infinity, perMegabyte: 0.02)
        let plan = ShardPlan(Self.films, whole, count: 16)
        #expect(plan.shards.flatMap(\.sources).allSatisfy { $0.seconds == nil })
    }
}

/// How the frames of a film are shared out.
struct FrameChunkTests {
    @Test(arguments: [(1, 64), (64, 64), (65, 64), (1_000, 64), (7, 3), (100, 1)])
    func everyFrameBelongsToOneChunk(frameCount: Int, size: Int) {
        let chunks = FrameChunk.chunks(ofFilm: 3, frameCount: frameCount, size: size)
        #expect(chunks.flatMap { Array($0.frames) } == Array(0..<frameCount))
        #expect(chunks.allSatisfy { !$0.frames.isEmpty && $0.frames.count <= size && $0.film == 3 })
        let counts = chunks.map(\.frames.count)
        #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1, "chunks are about equal")
    }
}

/// What is said to Slurm's programs.
struct SlurmTests {
    @Test func numbersAreRanges() {
        #expect(Slurm.ranges([0, 1, 2, 3]) == "0-3")
        #expect(Slurm.ranges([7, 3, 4, 3]) == "3-4,7")
        #expect(Slurm.ranges([5]) == "5")
    }
}
