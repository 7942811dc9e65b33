import Foundation

/// A job of ingest on a cluster, played through event by event, with times that were measured.
///
/// Tasks are sent at once; the controller starts them one after another where a slot is free. A task reads its films while
/// it encodes, and writes its bundle; all of that goes over one shared disk, first come, first served. One master takes
/// finished bundles into the library, one at a time. Nodes fail; what ran there is found missing, held, and done again.
struct ClusterModel {
    /// What is asked of the model.
    struct Setting {
        var clips = 10_000
        var nodes = 10
        /// Tasks that a node works on at once.
        var slots = 1
        /// Bytes a second of the shared disk, reading and writing together.
        var diskBytesPerSecond = 1e9
        /// How many tasks a second the controller starts: 110 of 200 that did nothing in 62 s, on two nodes.
        var launchesPerSecond = 110.0 / 62
        /// Mean time between failures of one node.
        var nodeHours = 10_000.0
        /// A lost node is noticed after so long: 29 s were seen.
        var noticeSeconds = 29.0
        /// Then its tasks are held so long: two minutes were seen.
        var holdSeconds = 120.0
        /// A node is back after so long.
        var repairSeconds = 3_600.0
        /// Whether the master takes bundles into one library.
        var merges = true
    }

    /// How it went.
    struct Outcome {
        /// What the time would be if nothing else took any.
        enum Bound: String, CaseIterable {
            /// The slots' work, shared out evenly.
            case encode
            /// The longest task: there are fewer tasks than slots.
            case shards
            case merge
            case transfer
            case launch
        }

        /// From sending to the last clip in the library, or to the last bundle.
        var seconds = 0.0
        /// Attempts that were lost with their node.
        var lost = 0
        var tasks = 0
        var bounds: [Bound: Double] = [:]

        /// What takes most of the time.
        var bound: Bound { bounds.max { $0.value < $1.value }?.key ?? .encode }
    }

    /// As `ShardPlan` of `Sources/Cluster` chooses them.
    private static let (clipsPerShard, shardLimit) = (300, 1_000)
    /// Into how many tasks so many clips are cut.
    static func taskCount(_ clips: Int) -> Int {
        min(shardLimit, max(1, (clips + clipsPerShard - 1) / clipsPerShard))
    }

    /// The master looks for finished tasks so often.
    private static let pollSeconds = 1.0

    private let setting: Setting
    private let costs: ClusterCosts
    private var random: SplitMix

    /// Plays a job through.
    ///
    /// - Parameters:
    ///   - setting: Work and cluster.
    ///   - costs: What was measured.
    ///   - seed: The same gives the same.
    /// - Returns: How it went.
    static func run(_ setting: Setting, _ costs: ClusterCosts, seed: UInt64) -> Outcome {
        var model = Self(setting: setting, costs: costs, random: SplitMix(seed: seed))
        return model.run()
    }

    private enum Event {
        case sent
        /// A task that was lost is in the queue again.
        case requeued(Int)
        case started(attempt: Int)
        case encoded(attempt: Int)
        case published(attempt: Int)
        case masterFree
        case nodeLost(Int)
        case nodeBack(Int)
    }

    private struct Attempt {
        let task: Int
        let node: Int
        let began: Double
        var isLost = false
        var isOver = false
    }

    private var queue = EventQueue<Event>()
    private var now = 0.0
    private var waiting: [Int] = []
    private var work: [ShardWork] = []
    private var attempts: [Attempt] = []
    private var freeSlots: [Int] = []
    private var isUp: [Bool] = []
    private var launcherFree = 0.0
    private var diskFree = 0.0
    private var published: [Int] = []
    private var isMasterBusy = false
    private var stored = 0
    private var left = 0
    private var outcome = Outcome()
    private var busy = (slots: 0.0, master: 0.0, disk: 0.0, longest: 0.0)

    private init(setting: Setting, costs: ClusterCosts, random: SplitMix) {
        (self.setting, self.costs, self.random) = (setting, costs, random)
    }

    private mutating func run() -> Outcome {
        let count = Self.taskCount(setting.clips)
        work = (0..<count).map { task in
            shardWork(setting.clips * (task + 1) / count - setting.clips * task / count)
        }
        waiting = Array((0..<count).reversed())
        left = count
        outcome.tasks = count
        isUp = Array(repeating: true, count: setting.nodes)
        freeSlots = (0..<setting.slots).flatMap { _ in 0..<setting.nodes }
        for node in 0..<setting.nodes { planFailure(of: node) }
        queue.add(.sent, at: 0)
        while left > 0, let next = queue.popFirst() {
            now = next.time
            handle(next.event)
        }
        outcome.seconds = now
        outcome.bounds = [
            .encode: busy.slots / Double(setting.nodes * setting.slots),
            .shards: busy.longest,
            .merge: busy.master,
            .transfer: busy.disk,
            .launch: Double(attempts.count) / setting.launchesPerSecond,
        ]
        return outcome
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .sent: dispatch()
        case .requeued(let task):
            waiting.append(task)
            dispatch()
        case .started(let attempt): start(attempt)
        case .encoded(let attempt):
            guard !attempts[attempt].isLost else { return }
            let own = work[attempts[attempt].task]
            let end = max(
                now + own.publishSeconds,
                transfer(own.bundleBytes)
            )
            queue.add(.published(attempt: attempt), at: end)
        case .published(let attempt): publish(attempt)
        case .masterFree:
            isMasterBusy = false
            left -= 1
            merge()
        case .nodeLost(let node): lose(node)
        case .nodeBack(let node):
            isUp[node] = true
            freeSlots += Array(repeating: node, count: setting.slots)
            planFailure(of: node)
            dispatch()
        }
    }

    // MARK: Tasks

    /// What a task of so many clips takes.
    private struct ShardWork {
        let clips: Int
        var setupSeconds = 0.0
        var encodeSeconds = 0.0
        var publishSeconds = 0.0
        var bundleBytes = 0.0
    }

    /// Draws measured tasks until their clips are enough.
    private mutating func shardWork(_ clips: Int) -> ShardWork {
        var work = ShardWork(clips: clips)
        var missing = clips
        while missing > 0 {
            let drawn = costs.tasks[Int.random(in: costs.tasks.indices, using: &random)]
            let part = Double(min(missing, drawn.clips)) / Double(drawn.clips)
            // Setup is once a task.
            if missing == clips { work.setupSeconds = drawn.setupSeconds }
            work.encodeSeconds += part * drawn.encodeSeconds
            work.publishSeconds += part * drawn.publishSeconds
            work.bundleBytes += part * Double(drawn.byteCount)
            missing -= drawn.clips
        }
        return work
    }

    private mutating func dispatch() {
        while !waiting.isEmpty, !freeSlots.isEmpty {
            let node = freeSlots.removeLast()
            guard isUp[node] else { continue }
            launcherFree = max(now, launcherFree) + 1 / setting.launchesPerSecond
            attempts.append(Attempt(task: waiting.removeLast(), node: node, began: launcherFree))
            queue.add(
                .started(attempt: attempts.count - 1),
                at: launcherFree + costs.startSeconds
            )
        }
    }

    private mutating func start(_ attempt: Int) {
        guard !attempts[attempt].isLost else { return }
        let own = work[attempts[attempt].task]
        let read = transfer(
            Double(costs.packBytes) + Double(own.clips) * costs.filmBytesPerClip
        )
        queue.add(
            .encoded(attempt: attempt),
            at: max(now + own.setupSeconds + own.encodeSeconds, read)
        )
    }

    private mutating func publish(_ attempt: Int) {
        guard !attempts[attempt].isLost else { return }
        attempts[attempt].isOver = true
        let (task, node) = (attempts[attempt].task, attempts[attempt].node)
        let seconds = now - attempts[attempt].began
        busy.slots += costs.startSeconds + work[task].setupSeconds + work[task].encodeSeconds
        busy.slots += work[task].publishSeconds
        busy.longest = max(busy.longest, seconds)
        freeSlots.append(node)
        if setting.merges {
            published.append(task)
            merge()
        } else {
            left -= 1
        }
        dispatch()
    }

    /// When so many bytes have gone over the shared disk.
    private mutating func transfer(_ bytes: Double) -> Double {
        let seconds = bytes / setting.diskBytesPerSecond
        diskFree = max(now, diskFree) + seconds
        busy.disk += seconds
        return diskFree
    }

    // MARK: The master

    private mutating func merge() {
        guard !isMasterBusy, !published.isEmpty else { return }
        isMasterBusy = true
        let task = published.removeFirst()
        let clips = work[task].clips
        let seconds = costs.mergeSeconds(of: clips, beside: stored)
        stored += clips
        busy.master += seconds
        // It sleeps between two looks, half of that on the average, unless more is there already.
        let look = published.isEmpty ? Self.pollSeconds / 2 : 0
        queue.add(
            .masterFree,
            at: max(now + look + seconds, transfer(work[task].bundleBytes))
        )
    }

    // MARK: Failures

    private mutating func planFailure(of node: Int) {
        guard setting.nodeHours.isFinite else { return }
        let uniform = Double.random(in: .leastNonzeroMagnitude..<1, using: &random)
        queue.add(.nodeLost(node), at: now - log(uniform) * 3_600 * setting.nodeHours)
    }

    private mutating func lose(_ node: Int) {
        isUp[node] = false
        freeSlots.removeAll { $0 == node }
        for attempt in attempts.indices
        where attempts[attempt].node == node && !attempts[attempt].isOver
            && !attempts[attempt].isLost
        {
            attempts[attempt].isLost = true
            outcome.lost += 1
            queue.add(
                .requeued(attempts[attempt].task),
                at: now + setting.noticeSeconds + setting.holdSeconds
            )
        }
        queue.add(.nodeBack(node), at: now + setting.repairSeconds)
    }
}
