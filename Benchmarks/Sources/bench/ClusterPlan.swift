import Foundation

/// What an ingest of many clips by many nodes would take: a table, from what was measured.
struct ClusterPlan {
    static let usage = """
        Usage: bench --cluster-plan [--job DIR] [--paper] [--slots N] [--disk GB] [--launches N]
                     [--node-hours N] [--film-megabytes N] [--encode-seconds N]

          --job DIR           The folder of an ingest on a cluster whose reports are used; those
                              of Benchmarks/results/cluster.json if not given.
          --paper             A pack of the published size: its times from full-size.json.
          --slots N           Tasks that a node works on at once; 1 if not given.
          --disk GB           Gigabytes a second of the shared disk; 1 if not given.
          --launches N        Tasks a second that Slurm starts; 1.8 if not given, as measured.
          --node-hours N      Mean hours between failures of a node; 10000 if not given.
          --film-megabytes N  Megabytes of film for each clip; as measured if not given.
          --encode-seconds N  Seconds to encode a clip; as measured if not given.
        """

    private static let clipCounts = [10_000, 100_000, 1_000_000, 10_000_000]
    private static let nodeCounts = [10, 30, 100, 300, 1_000]
    private static let seeds: ClosedRange<UInt64> = 1...9

    private var costs: ClusterCosts
    private var setting = ClusterModel.Setting()

    /// Reads what was measured, and what is to be changed of it.
    ///
    /// - Throws: `BenchError` for an option; an error of Foundation.
    init(_ arguments: [String]) throws {
        costs = try ClusterCosts()
        var arguments = arguments[...]
        while let option = arguments.popFirst() {
            if option == "--paper" {
                try costs.becomePaperSized()
                continue
            }
            guard let word = arguments.popFirst() else {
                throw BenchError("\(option)?\n\(Self.usage)")
            }
            if option == "--job" {
                costs.tasks = try JobFigures(folder: word).tasks
                continue
            }
            guard let number = Double(word), number > 0 else {
                throw BenchError("\(option) \(word): give a number above 0\n\(Self.usage)")
            }
            switch option {
            case "--slots": setting.slots = max(1, Int(number))
            case "--disk": setting.diskBytesPerSecond = 1e9 * number
            case "--launches": setting.launchesPerSecond = number
            case "--node-hours": setting.nodeHours = number
            case "--film-megabytes": costs.filmBytesPerClip = 1e6 * number
            case "--encode-seconds": costs.scale(toEncodeSeconds: number)
            default: throw BenchError("\(option)?\n\(Self.usage)")
            }
        }
    }

    /// Prints what goes in, then the table.
    func run() {
        printCosts()
        print(
            "\n| clips | nodes | tasks | one library | speed-up | bound by | shards kept | speed-up | bound by | lost |"
                + "\n| ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | --- | ---: |"
        )
        for clips in Self.clipCounts {
            for nodes in Self.nodeCounts {
                print(row(clips, nodes))
            }
        }
    }

    private func row(_ clips: Int, _ nodes: Int) -> String {
        var setting = setting
        (setting.clips, setting.nodes) = (clips, nodes)
        setting.merges = true
        let merged = median(setting)
        setting.merges = false
        let kept = median(setting)
        let alone = Double(clips) * costs.encodeSecondsPerClip
        let cells =
            [clips.formatted(), nodes.formatted(), merged.tasks.formatted()]
            + [merged, kept].flatMap { outcome in
                [
                    Self.duration(outcome.seconds),
                    (alone / outcome.seconds).formatted(.number.precision(.significantDigits(3))),
                    outcome.bound.rawValue,
                ]
            } + ["\(merged.lost)"]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    /// The run of median length, of some with other random numbers.
    private func median(_ setting: ClusterModel.Setting) -> ClusterModel.Outcome {
        let outcomes = Self.seeds.map { ClusterModel.run(setting, costs, seed: $0) }
            .sorted { $0.seconds < $1.seconds }
        return outcomes[outcomes.count / 2]
    }

    private func printCosts() {
        func rounded(_ value: Double) -> String {
            value.formatted(.number.precision(.significantDigits(3)).grouping(.never))
        }
        let (encode, fixed) = (costs.encodeSecondsPerClip, costs.mergeSeconds(of: 300, beside: 0))
        print(
            "\(costs.tasks.count) measured tasks, replayed with seeds 1 to 9; the median run is shown"
        )
        print("encode: \(rounded(encode)) s a clip on a slot")
        print("setup of a task: \(rounded(costs.tasks.map(\.setupSeconds).median)) s")
        print("bundle: \(rounded(costs.bundleBytesPerClip / 1e3)) kB a clip")
        print("film: \(rounded(costs.filmBytesPerClip / 1e3)) kB a clip")
        print("pack: \(rounded(Double(costs.packBytes) / 1e6)) MB a task")
        print(
            "start of a task: \(rounded(costs.startSeconds)) s, \(rounded(setting.launchesPerSecond)) a second"
        )
        let million = costs.mergeSeconds(of: 300, beside: 1_000_000)
        print(
            "a bundle of 300 clips into an empty library: \(rounded(fixed)) s; beside a million: \(rounded(million)) s"
        )
        print("shared disk: \(rounded(setting.diskBytesPerSecond / 1e9)) GB/s")
        print(
            "a node fails every \(rounded(setting.nodeHours)) h; slots of a node: \(setting.slots)"
        )
        for clips in Self.clipCounts {
            let own = clips / ClusterModel.taskCount(clips)
            let master = costs.mergeSeconds(of: own, beside: clips / 2) / Double(own)
            print(
                "half-way to \(clips.formatted()) clips the master takes \(rounded(1e3 * master)) ms a clip: "
                    + "as fast as \(rounded(encode / master)) slots"
            )
        }
    }

    private static func duration(_ seconds: Double) -> String {
        func rounded(_ value: Double) -> String {
            value.formatted(.number.precision(.significantDigits(2...3)).grouping(.never))
        }
        if seconds < 120 { return rounded(seconds) + " s" }
        if seconds < 7_200 { return rounded(seconds / 60) + " min" }
        if seconds < 172_800 { return rounded(seconds / 3_600) + " h" }
        return rounded(seconds / 86_400) + " d"
    }
}

extension ClusterCosts {
    /// The mean, for what many tasks take together is many times the mean.
    var encodeSecondsPerClip: Double {
        tasks.reduce(0) { $0 + $1.encodeSeconds } / Double(max(1, clipCount))
    }

    var bundleBytesPerClip: Double {
        Double(tasks.reduce(0) { $0 + $1.byteCount }) / Double(max(1, clipCount))
    }

    private var clipCount: Int { tasks.reduce(0) { $0 + $1.clips } }

    /// What a bundle takes beside so many clips: its own clips, and a look at every row of the indexes.
    ///
    /// The line through the smallest and the largest library that was measured.
    func mergeSeconds(of clips: Int, beside stored: Int) -> Double {
        guard let first = merges.first, let last = merges.last else { return 0 }
        let slope =
            (last.seconds - first.seconds) / Double(max(1, last.storedClips - first.storedClips))
        let own = first.seconds - max(0, slope) * Double(first.storedClips)
        return own * Double(clips) / Double(first.bundleClips) + max(0, slope) * Double(stored)
    }

    /// Makes all tasks slower or faster alike.
    mutating func scale(toEncodeSeconds seconds: Double) {
        let factor = seconds / encodeSecondsPerClip
        for index in tasks.indices {
            tasks[index].seconds += (factor - 1) * tasks[index].encodeSeconds
        }
    }
}
