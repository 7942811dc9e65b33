/// How the films of an ingest are shared out: tasks of about equal work, long films in parts.
package struct ShardPlan {
    /// A file as far as it is known without decoding it.
    package struct Source: Sendable {
        package let path: String
        /// Bytes of the file.
        package let byteCount: Int
        /// The seconds of it that count, as the container states them; 0 if it does not, or for a picture.
        package let seconds: Range<Double>

        package init(path: String, byteCount: Int, seconds: Range<Double>) {
            (self.path, self.byteCount, self.seconds) = (path, byteCount, seconds)
        }
    }

    /// What a task costs, in the work of encoding one clip.
    package struct Costs: Sendable {
        /// The length of a clip; infinity if every file is one.
        let clipSeconds: Double
        /// What reading and hashing a megabyte costs.
        let perMegabyte: Double

        package init(clipSeconds: Double, perMegabyte: Double) {
            (self.clipSeconds, self.perMegabyte) = (clipSeconds, perMegabyte)
        }

        package func callAsFunction(_ source: Source) -> Double {
            let length = source.seconds.upperBound - source.seconds.lowerBound
            let clips = max(1, (length / clipSeconds).rounded(.up))
            return (clips.isFinite ? clips : 1) + perMegabyte * Double(source.byteCount) / 1e6
        }
    }

    /// A shard is worth about so many clips if nobody says how many shards there are: a minute or more on two cores,
    /// beside which the seconds that Slurm takes to start a task do not count.
    package static let clipsPerShard = 300.0
    /// Slurm's own limit of an array is 1,001 if nobody raised it.
    package static let shardLimit = 1_000

    /// The tasks; none is empty.
    package let shards: [IngestShard]

    /// Shares files out.
    ///
    /// A file that costs more than a shard is cut, at multiples of the clip length, into parts of about a shard. Files and
    /// parts then go, the dearest first, to the shard that has least. The same files give the same shards.
    ///
    /// - Parameters:
    ///   - sources: The files, in the user's order, which every shard keeps.
    ///   - costs: What they cost.
    ///   - wanted: How many shards are wanted; nil for as many as are worth it.
    package init(_ sources: [Source], _ costs: Costs, count wanted: Int?) {
        let total = sources.reduce(0) { $0 + costs($1) }
        let count =
            wanted
            ?? min(Self.shardLimit, max(1, Int((total / Self.clipsPerShard).rounded(.up))))
        let share = total / Double(count)
        var parts: [Part] = []
        for (number, source) in sources.enumerated() {
            parts += Self.parts(of: source, number, costs, share)
        }
        var shards = Array(repeating: Shard(), count: max(1, min(count, parts.count)))
        for part in parts.sorted(by: { ($1.cost, $0.source) < ($0.cost, $1.source) }) {
            let least = shards.indices.min { shards[$0].cost < shards[$1].cost } ?? 0
            shards[least].parts.append(part)
            shards[least].cost += part.cost
        }
        self.shards = shards.filter { !$0.parts.isEmpty }.map { $0.shard(sources) }
    }

    /// A file, or a part of one.
    private struct Part {
        /// The file's place in the user's list.
        let source: Int
        let seconds: Range<Double>?
        let cost: Double
    }

    private struct Shard {
        var parts: [Part] = []
        var cost = 0.0

        func shard(_ sources: [Source]) -> IngestShard {
            var files: [IngestShard.Source] = []
            let ordered = parts.sorted {
                ($0.source, $0.seconds?.lowerBound ?? 0) < ($1.source, $1.seconds?.lowerBound ?? 0)
            }
            for part in ordered {
                let path = sources[part.source].path
                if let seconds = part.seconds, let last = files.last, last.path == path {
                    files[files.count - 1].seconds = (last.seconds ?? []) + [seconds]
                } else {
                    files.append(.init(path: path, seconds: part.seconds.map { [$0] }))
                }
            }
            return IngestShard(sources: files, cost: cost)
        }
    }

    private static func parts(
        of source: Source,
        _ number: Int,
        _ costs: Costs,
        _ share: Double
    ) -> [Part] {
        let cost = costs(source)
        let length = source.seconds.upperBound - source.seconds.lowerBound
        let clips = (length / costs.clipSeconds).rounded(.up)
        // A film that is a hair over a share is not worth a cut.
        let count = min(clips, (cost / max(share, 1) - 0.05).rounded(.up))
        guard count.isFinite, count > 1 else {
            return [Part(source: number, seconds: nil, cost: cost)]
        }
        // Half a clip before a multiple, so that rounded times do not matter.
        let cuts = (1..<Int(count)).map { index in
            source.seconds.lowerBound
                + ((clips * Double(index) / count).rounded() - 0.5) * costs.clipSeconds
        }
        let bounds = [-Double.infinity] + cuts + [.infinity]
        return zip(bounds, bounds.dropFirst()).map {
            Part(source: number, seconds: $0..<$1, cost: cost / count)
        }
    }
}
