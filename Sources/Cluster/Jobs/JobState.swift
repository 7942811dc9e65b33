internal import Foundation
internal import Store

/// What is known of a job at a moment.
public struct JobState: Sendable {
    /// What a task is doing.
    public enum Phase: String, Codable, Sendable, CaseIterable {
        /// It was not sent yet, or has to be sent again.
        case unsent
        /// It is in Slurm's queue.
        case waiting
        case running
        /// Its results lie in the job's folder.
        case published
        /// Its results are in the library.
        case collected
        /// It was tried as often as it may be.
        case failed
        /// It was taken out of Slurm's hands; it is sent again if that is asked for, not by itself.
        case cancelled
    }

    /// One task.
    public struct Task: Codable, Sendable {
        /// Its number.
        public let number: Int
        /// What it is doing.
        public var phase: Phase
        /// How often it was begun.
        public var attempts: Int
        /// Where it runs or ran last.
        public var node: String?
        /// Why it waits or failed.
        public var reason: String?
        /// The part of its work that is done, `0...1`.
        public var fraction: Double
        /// The array of Slurm in which it was sent last.
        public var array: String?
        /// What its last attempt said.
        public var log: String?
    }

    /// The job.
    public let job: ClusterJob
    /// Its folder.
    public let folder: String
    /// All tasks.
    public var tasks: [Task]
    /// Whether it was cancelled.
    public var isCancelled: Bool
    /// Why Slurm could not be asked; nil if it answered.
    public var silence: String?

    /// How many tasks are in a phase.
    public func count(_ phase: Phase) -> Int { tasks.count { $0.phase == phase } }

    /// Whether nothing will happen any more by itself.
    public var isOver: Bool {
        tasks.allSatisfy { [.collected, .failed, .cancelled].contains($0.phase) }
    }

    /// The part of all work that is done, `0...1`, every task counting alike.
    public var fraction: Double {
        tasks.reduce(0) { $0 + $1.fraction } / Double(max(1, tasks.count))
    }
}

/// Looks at a job's folder and asks Slurm.
struct JobInspector {
    let folder: JobFolder
    let job: ClusterJob
    let slurm: Slurm
    /// When a task was first seen to be out of the queue without results.
    private var missing: [Int: ContinuousClock.Instant] = [:]
    private var asksAccounting = true
    /// How tasks ended by the accounting, by task and array.
    private var accounted: [String: String] = [:]
    /// What does not change any more is read once, over the network: attempts that ended, tasks that were sent.
    private var ended: [String: TaskAttempt] = [:]
    private var sent: [String: SentTasks] = [:]
    /// Which tasks were cancelled, and which of those may go on.
    private var cancellations = Cancellations()
    /// Whether there will be a second look, so that what may become visible yet is waited for.
    private let isPatient: Bool

    /// A network file system may show what a node wrote some seconds late.
    private static let (patience, longPatience) = (5.0, 30.0)

    /// Why a task that Slurm does not have any more still counts as running.
    static let notVisible = "ended; its results may become visible yet"

    init(_ folder: JobFolder, _ job: ClusterJob, _ slurm: Slurm, isPatient: Bool = false) {
        (self.folder, self.job, self.slurm, self.isPatient) = (folder, job, slurm, isPatient)
    }

    /// Everything that is known now.
    ///
    /// - Throws: `ClusterError`, `.unknownJob` if the job's folder is gone; errors of its disk.
    mutating func state() throws -> JobState {
        guard fileExists(folder.path + "/job.json") else {
            throw ClusterError(
                .unknownJob,
                "job \(job.id): its folder \"\(folder.path)\" is gone, and nothing can come of it any more; vsdb jobs "
                    + "cancel \(job.id) ends its tasks, vsdb jobs remove \(job.id) forgets it"
            )
        }
        var silence: String?
        var queue: [Slurm.QueuedTask] = []
        do { queue = try slurm.queue(of: job) } catch let error as ClusterError {
            silence = error.description
        }
        let (done, collected) = (try folder.tasks(in: "done"), try folder.tasks(in: "collected"))
        let attempts = try attempts()
        for name in try folder.names(in: "sent") where sent[name] == nil {
            sent[name] = try folder.read(SentTasks.self, "sent/" + name)
        }
        let sent = sent.values.sorted { $0.sent < $1.sent }
        // After Slurm was asked: whoever cancels a job says so first.
        cancellations = try Cancellations(folder)
        let byTask = Dictionary(grouping: queue, by: \.task)
        var tasks: [JobState.Task] = []
        for number in 0..<job.taskCount {
            let own = attempts[number] ?? []
            let queued = byTask[number] ?? []
            let active = queued.first(where: \.isActive)
            let array =
                active?.array ?? sent.last { $0.tasks.contains(number) }?.array
                ?? queued.last?.array ?? own.last?.array
            var task = JobState.Task(
                number: number,
                phase: .unsent,
                attempts: own.count,
                node: active?.node ?? own.last?.node,
                reason: nil,
                fraction: 0,
                array: array,
                log: (active?.array ?? own.last?.array
                    ?? sent.last { $0.tasks.contains(number) }?.array)
                    .map { folder.logPath(number, $0) }
            )
            if collected.contains(number) {
                (task.phase, task.fraction) = (.collected, 1)
            } else if done.contains(number) {
                (task.phase, task.fraction) = (.published, 1)
            } else if let active {
                task.phase = active.state == "PENDING" ? .waiting : .running
                task.reason = active.reason
                if task.phase == .running { task.fraction = fraction(number) }
            } else if silence == nil {
                try judge(&task, own, sent, queued)
            } else {
                task.phase = .waiting
            }
            if active != nil { missing[number] = nil }
            tasks.append(task)
        }
        return JobState(
            job: job,
            folder: folder.path,
            tasks: tasks,
            isCancelled: cancellations.isOfJob,
            silence: silence
        )
    }

    /// The attempts of all tasks, by task, the first one first.
    private mutating func attempts() throws -> [Int: [TaskAttempt]] {
        var attempts: [Int: [TaskAttempt]] = [:]
        for name in try folder.names(in: "attempts") where name.hasSuffix(".json") {
            guard let attempt = try ended[name] ?? folder.attempt("attempts/" + name) else {
                continue
            }
            if attempt.outcome != nil { ended[name] = attempt }
            attempts[attempt.task, default: []].append(attempt)
        }
        return attempts.mapValues { $0.sorted { $0.number < $1.number } }
    }

    private func fraction(_ task: Int) -> Double {
        let name = "progress/\(JobFolder.name(task)).json"
        // What a running task says of itself is for show.
        guard let progress = try? folder.read(TaskProgress.self, name) else { return 0 }
        return min(0.99, max(0, progress.fraction))
    }

    /// Finds out about a task that Slurm does not have any more, and that left no results.
    private mutating func judge(
        _ task: inout JobState.Task,
        _ attempts: [TaskAttempt],
        _ sent: [SentTasks],
        _ queued: [Slurm.QueuedTask]
    ) throws {
        let arrays = sent.filter { $0.tasks.contains(task.number) }.map(\.array)
        guard let array = task.array else {
            if cancellations.isOfJob { task.cancel(Self.neverBegan) }
            return
        }
        let last = queued.last { $0.array == array } ?? queued.last
        // What says that it was done may become visible later.
        let wait =
            last?.state == "COMPLETED" ? Self.longPatience : isPatient ? Self.patience : 0
        let since = missing[task.number] ?? .now
        missing[task.number] = since
        let own = attempts.last { $0.array == last?.array }
        let hasSaidHow = own?.outcome.map { $0 != .done } ?? false
        guard hasSaidHow || since.duration(to: .now) >= .seconds(wait) else {
            task.phase = .running
            task.reason = Self.notVisible
            return
        }
        // An array in which no attempt of it began counts as one: its node saw no vsdb, or no folder.
        let begun = Set(attempts.map(\.array))
        let stillborn = Set(arrays).subtracting(begun)
        let hasFailed = attempts.last { $0.array == array }?.outcome == .failed
        let accounted = last == nil && !hasFailed ? accountedEnding(task.number, array) : nil
        let wasCancelled = (last?.array == array ? last?.state : accounted) == Slurm.cancelled
        let allowed = try folder.allowedAttempts(task.number, job)
        // What was cancelled did not fail.
        let earlierFailures =
            attempts.count { $0.array != array ? $0.outcome != .partial : $0.outcome == .failed }
            + stillborn.subtracting([array]).count
        if earlierFailures < allowed,
            try cancellations.holds(task.number, array, isSeen: wasCancelled, isNoted: isPatient)
        {
            task.cancel(
                !cancellations.isOfJob
                    ? "it was cancelled outside of vsdb; vsdb jobs retry \(job.id) sends it again"
                    : begun.isEmpty ? Self.neverBegan : "it was cancelled"
            )
            return
        }
        let ending =
            last.map { [$0.state, $0.reason].compactMap { $0 }.joined(separator: ", ") }
            ?? accounted
        task.reason =
            if wasCancelled || cancellations.released(task.number, array) {
                "it was cancelled"
            } else if attempts.last?.outcome == .partial {
                "it was asked to stop, as at a time limit, and handed in what it had"
            } else {
                attempts.last { $0.outcome != .partial }?.message ?? ending
                    ?? (begun.isEmpty
                        ? "no attempt began; does its node see \(folder.path), or was it cancelled with scancel?"
                        : "it died")
            }
        let failures = attempts.count { $0.outcome != .partial } + stillborn.count
        task.phase = failures >= allowed ? .failed : .unsent
    }

    private static let neverBegan = "it was cancelled before its first attempt began"

    private mutating func accountedEnding(_ task: Int, _ array: String) -> String? {
        let key = Cancellations.mark(task, array)
        if let ending = accounted[key] { return ending }
        guard asksAccounting else { return nil }
        let ended = slurm.accounted(job)
        if ended.isEmpty { asksAccounting = false }
        for task in ended where !task.isActive {
            accounted[Cancellations.mark(task.task, task.array)] = task.state
        }
        return accounted[key]
    }
}

extension JobState.Task {
    fileprivate mutating func cancel(_ reason: String) {
        (phase, self.reason) = (.cancelled, reason)
    }
}
