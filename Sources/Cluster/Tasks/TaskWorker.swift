internal import Foundation
internal import Glibc
public import Pipelines
internal import Store

/// Does one task of a job on a node, and publishes what came of it.
///
/// Results are written beside their place and renamed: a task that is done is there whole, whatever happens to the
/// node. If two attempts of a task run at once, because Slurm lost sight of a node that went on, one of them publishes
/// and the other finds it done.
public struct TaskWorker {
    /// What became of it.
    public enum Ending: Sendable {
        /// The results are published, now or before.
        case done
        /// It was asked to stop, and handed in what it had.
        case partial
        /// It was tried as often as it may be.
        case givenUp
    }

    let folder: JobFolder
    let job: ClusterJob
    let task: Int
    let cancellation: Cancellation
    let scratchParent: String
    let onNote: (String) -> Void
    private let environment: [String: String]

    /// A task of the job in a folder.
    ///
    /// - Parameters:
    ///   - folder: The job's folder.
    ///   - task: Its number.
    ///   - environment: Slurm's variables, and TMPDIR.
    ///   - cancellation: Stops after the clip or frames in work; what is done is handed in.
    ///   - onNote: Is told what goes into the log.
    /// - Throws: `ClusterError`.
    public init(
        folder: String,
        task: Int,
        environment: [String: String],
        cancellation: Cancellation,
        onNote: @escaping (String) -> Void
    ) throws {
        self.folder = JobFolder(path: folder)
        job = try self.folder.job()
        guard (0..<job.taskCount).contains(task) else {
            throw ClusterError(
                .badRequest,
                "job \(job.id) has tasks 0 to \(job.taskCount - 1), there is no task \(task)"
            )
        }
        (self.task, self.cancellation, self.onNote) = (task, cancellation, onNote)
        self.environment = environment
        scratchParent = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    }

    /// Does the task, unless that was done.
    ///
    /// - Throws: What kept it from being done; the attempt says so too.
    public func run() throws -> Ending {
        guard !isPublished else {
            onNote("task \(task) is done already")
            return .done
        }
        guard var attempt = try claimAttempt() else {
            onNote("task \(task) was tried as often as it may be; see vsdb jobs show \(job.id)")
            return .givenUp
        }
        onNote("task \(task), attempt \(attempt.number), on \(attempt.node)")
        do {
            let outcome = try work(attempt)
            attempt.outcome = outcome
            try end(&attempt)
            if outcome == .stopped { try cancellation.check() }
            return outcome == .done ? .done : .partial
        } catch {
            if attempt.outcome == nil {
                attempt.outcome = error is InterruptedError ? .stopped : .failed
                attempt.message = (error as? CocoaError)?.message ?? String(describing: error)
                // The error is what has to be heard of; without this line the attempt counts as one that died.
                try? end(&attempt)
            }
            discard(attempt)
            throw error
        }
    }

    // MARK: Attempts

    private var isPublished: Bool {
        fileExists(folder.donePath(task))
            || fileExists("\(folder.path)/collected/\(JobFolder.name(task)).json")
    }

    private var node: String {
        if let name = environment["SLURMD_NODENAME"], !name.isEmpty { return name }
        return ProcessInfo.processInfo.hostName
    }

    private var array: String {
        environment["SLURM_ARRAY_JOB_ID"] ?? environment["SLURM_JOB_ID"] ?? "none"
    }

    /// Takes the next number; nil if there were as many attempts as are allowed.
    private func claimAttempt() throws -> TaskAttempt? {
        let allowed = try folder.allowedAttempts(task, job)
        let earlier = try folder.attempts(of: task)
        // Who got somewhere may go on: a time limit is no failure.
        guard earlier.count(where: { $0.outcome != .partial }) < allowed else { return nil }
        for number in (earlier.last?.number ?? 0) + 1 ..< .max {
            let name = JobFolder.attemptName(task, number)
            let file = open(
                "\(folder.path)/\(name)",
                O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                0o644
            )
            if file < 0, errno == EEXIST { continue }
            guard file >= 0 else {
                throw ClusterError(
                    .failed,
                    "\"\(folder.path)/\(name)\" cannot be made: \(String(cString: strerror(errno)))"
                )
            }
            close(file)
            let attempt = TaskAttempt(
                task: task,
                number: number,
                node: node,
                array: array,
                restart: environment["SLURM_RESTART_COUNT"].flatMap { Int($0) } ?? 0,
                started: Date()
            )
            try folder.write(attempt, to: name)
            return attempt
        }
        return nil
    }

    private func end(_ attempt: inout TaskAttempt) throws {
        attempt.ended = Date()
        try folder.write(attempt, to: JobFolder.attemptName(task, attempt.number))
    }

    private func discard(_ attempt: TaskAttempt) {
        // What resists is collected with the job's folder.
        try? FileManager.default.removeItem(
            atPath: folder.attemptPath(task, attempt.number)
        )
    }

    // MARK: Work

    private func work(_ attempt: TaskAttempt) throws -> TaskAttempt.Outcome {
        let draft = folder.attemptPath(task, attempt.number)
        try FileManager.default.createDirectory(
            atPath: draft,
            withIntermediateDirectories: false
        )
        let clock = ContinuousClock()
        let began = clock.now
        var report = TaskReport(task: task, attempt: attempt.number, node: attempt.node)
        let scratch = try ScratchFolder(in: scratchParent, job: job.id)
        defer { withExtendedLifetime(scratch) {} }
        if let ingest = job.ingest {
            try self.ingest(ingest, scratch.path, draft, &report)
        } else if let render = job.render {
            try self.render(render, scratch.path, draft, &report)
        }
        report.seconds = began.duration(to: clock.now) / .seconds(1)
        report.byteCount = treeByteCount(draft)
        guard !report.isPartial || report.clips > 0 else {
            discard(attempt)
            return .stopped
        }
        try JobFolder(path: draft).write(report, to: "report.json")
        try syncTree(draft)
        guard report.isPartial else {
            try publish(attempt, at: folder.donePath(task))
            return .done
        }
        try publish(
            attempt,
            at: "\(folder.path)/partial/\(JobFolder.name(task)).\(attempt.number)"
        )
        return .partial
    }

    private func publish(_ attempt: TaskAttempt, at place: String) throws {
        if rename(folder.attemptPath(task, attempt.number), place) == 0 {
            try syncFolder(URL(fileURLWithPath: place).deletingLastPathComponent().path)
            onNote("published")
            return
        }
        guard errno == EEXIST || errno == ENOTEMPTY else {
            throw ClusterError(
                .failed,
                "\"\(place)\" cannot be published: \(String(cString: strerror(errno)))"
            )
        }
        onNote("another attempt was faster; these results are the same, and are dropped")
        discard(attempt)
    }

    /// Says how far the task is, now and then; what cannot be said is no reason to fail.
    func tell(_ fraction: Double) {
        try? folder.write(
            TaskProgress(task: task, node: node, fraction: fraction),
            to: "progress/\(JobFolder.name(task)).json"
        )
    }
}
