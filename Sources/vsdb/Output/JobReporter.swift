import Cluster
import Foundation
import Pipelines
import Tensors

/// Tells of a job on a cluster while it goes on.
final class JobReporter {
    private let console: Console
    private let isJSON: Bool
    private let progress: ProgressLine
    private var lastLine = 0.0
    private var added = 0
    private var known = 0
    private var failures = 0

    private struct CollectedLine: Encodable {
        let event = "collected"
        let added: Int
        let report: TaskReport
    }

    private struct FailureLine: Encodable {
        let event = "failure"
        let path: String
        let reason: String
    }

    private struct SentLine: Encodable {
        let event = "sent"
        let array: String
        let tasks: [Int]
    }

    private struct RetriedLine: Encodable {
        let event = "retried"
        let task: Int
        let reason: String
    }

    private struct HandedInLine: Encodable {
        let event = "handedIn"
        let task: Int
        let added: Int
    }

    private struct FilmLine: Encodable {
        let event = "film"
        let name: String
        let path: String
    }

    private struct ProgressRecord: Encodable {
        let event = "progress"
        let fraction: Double
        let phases: [String: Int]
        let elapsedSeconds: Double
    }

    private struct DoneLine: Encodable {
        let event = "done"
        let job: String
        let added: Int
        let failedTasks: [JobState.Task]
        let cancelledTasks: [JobState.Task]
        let failedFiles: Int
        let elapsedSeconds: Double
    }

    init(console: Console, isJSON: Bool) {
        (self.console, self.isJSON) = (console, isJSON)
        progress = ProgressLine("job", console)
    }

    /// Reports one event.
    ///
    /// - Throws: `OutputError`.
    func report(_ event: JobEvent) throws {
        switch event {
        case .sent(let array, let tasks): try sent(array, tasks)
        case .collected(let report, let added): try collected(report, added)
        case .failure(let failure):
            failures += 1
            console.error("\"\(failure.path)\": \(failure.reason)")
            try line(FailureLine(path: failure.path, reason: failure.reason))
        case .handedIn(let task, let added):
            self.added += added
            try line(HandedInLine(task: task, added: added))
            if !isJSON {
                try console.report(
                    "part  task \(task)  \(Wording.count(added, "clip")) added before it was stopped"
                )
            }
        case .retried(let task, let reason):
            console.warning("task \(task) is sent again: \(reason)")
            try line(RetriedLine(task: task, reason: reason))
        case .film(let name, let path):
            try line(FilmLine(name: name, path: path))
            if !isJSON { try console.report(path) }
        case .state(let state): try show(state)
        case .warning(let text): console.warning(text)
        }
    }

    private func line(_ value: some Encodable) throws {
        if isJSON { try console.print(JSONOutput.line(value)) }
    }

    private func sent(_ array: String, _ tasks: [Int]) throws {
        console.note("\(Wording.count(tasks.count, "task")) sent, array \(array) of Slurm")
        try line(SentLine(array: array, tasks: tasks))
    }

    private func collected(_ report: TaskReport, _ added: Int) throws {
        self.added += added
        known += report.known
        try line(CollectedLine(added: added, report: report))
        guard !isJSON else { return }
        let what =
            report.frames > 0
            ? Wording.count(report.frames, "frame")
            : "\(Wording.count(added, "clip")) added"
                + (report.known > 0 ? ", \(report.known) known" : "")
        let time = Wording.clock(report.seconds)
        try console.report(
            "\(console.styled("done", .success))  task \(report.task)  \(what)  \(report.node)  \(time)"
        )
    }

    private func show(_ state: JobState) throws {
        let elapsed = progress.elapsed
        if isJSON, elapsed - lastLine >= 1 {
            lastLine = elapsed
            let phases = Dictionary(
                uniqueKeysWithValues: JobState.Phase.allCases.map { ($0.rawValue, state.count($0)) }
            )
            try line(
                ProgressRecord(fraction: state.fraction, phases: phases, elapsedSeconds: elapsed)
            )
        }
        progress.update(.init(fraction: state.fraction, text: Self.summary(of: state)))
    }

    /// How many tasks are where, in a line.
    static func summary(of state: JobState) -> String {
        var parts = ["\(state.count(.collected))/\(Wording.count(state.tasks.count, "task"))"]
        for phase in [JobState.Phase.running, .waiting, .unsent, .published, .failed, .cancelled] {
            let count = state.count(phase)
            if count > 0 { parts.append("\(count) \(phase.rawValue)") }
        }
        return parts.joined(separator: ", ")
    }

    /// Reports the outcome.
    ///
    /// - Throws: `ExitStatus` if tasks or files failed, `OutputError`.
    func finish(_ state: JobState) throws {
        ProgressLine.clear()
        let failed = state.tasks.filter { $0.phase == .failed }
        let cancelled = state.tasks.filter { $0.phase == .cancelled }
        try line(
            DoneLine(
                job: state.job.id,
                added: added,
                failedTasks: failed,
                cancelledTasks: cancelled,
                failedFiles: failures,
                elapsedSeconds: progress.elapsed
            )
        )
        for task in failed {
            console.error(
                "task \(task.number) failed after \(Wording.count(task.attempts, "attempt")): "
                    + "\(task.reason ?? "it died")\(task.log.map { "; its log: \($0)" } ?? "")"
            )
        }
        if !state.isCancelled {
            for task in cancelled {
                console.error("task \(task.number): \(task.reason ?? "it was cancelled")")
            }
        }
        var parts = [Self.summary(of: state)]
        if state.job.ingest != nil { parts.append("\(Wording.count(added, "clip")) added") }
        if known > 0 { parts.append("\(known) known already") }
        if failures > 0 { parts.append("\(Wording.count(failures, "file")) failed") }
        console.note("\(parts.joined(separator: ", ")) in \(Wording.clock(progress.elapsed))")
        if state.isCancelled, !cancelled.isEmpty || !state.isOver {
            console.note("the job was cancelled; vsdb jobs retry \(state.job.id) goes on with it")
            throw ExitStatus.failed
        }
        if !failed.isEmpty { console.note("vsdb jobs retry \(state.job.id) tries them again") }
        if !failed.isEmpty || !cancelled.isEmpty {
            throw state.count(.collected) > 0 ? ExitStatus.someFailed : ExitStatus.failed
        }
        if failures > 0 { throw ExitStatus.someFailed }
    }
}

/// Sends a job and follows it, as `--cluster` and `vsdb jobs` do.
struct ClusterWork {
    let session: Session
    let shared: SharedOptions

    /// Prints what is planned, or sends it and follows it unless the user wants to leave.
    func start(
        _ options: ClusterOptions,
        _ cancellation: Cancellation,
        plan: (JobOptions) throws -> PlannedJob
    ) throws {
        let settings = try options.options()
        if options.dryRun {
            try show(try plan(settings))
            return
        }
        try Slurm().requireClient()
        let made = try makeFolder(settings.folder)
        do {
            try send(try plan(settings), options, cancellation)
        } catch {
            // Those in which something lies stay.
            for folder in made { rmdir(folder) }
            throw error
        }
    }

    /// Makes a folder.
    ///
    /// - Returns: What was not there before, the innermost folder first.
    private func makeFolder(_ path: String) throws -> [String] {
        let files = FileManager.default
        var made: [String] = []
        var place = URL(fileURLWithPath: path)
        while !files.fileExists(atPath: place.path) {
            made.append(place.path)
            place.deleteLastPathComponent()
        }
        try files.createDirectory(atPath: path, withIntermediateDirectories: true)
        return made
    }

    private func show(_ planned: PlannedJob) throws {
        let console = shared.console
        for (number, task) in planned.tasks.enumerated() {
            console.detail("task \(number): \(task)")
        }
        console.note("\(planned.job.title); nothing is written")
        try console.print(planned.script)
    }

    private func send(
        _ planned: PlannedJob,
        _ options: ClusterOptions,
        _ cancellation: Cancellation
    ) throws {
        let console = shared.console
        console.note("\(planned.job.title); its files are in \"\(planned.folder)\"")
        let follower = try JobFollower(session, job: planned.job.id, isNew: true)
        if options.detach {
            let reporter = JobReporter(console: console, isJSON: shared.json)
            try follower.send { try reporter.report($0) }
            console.note("take the results with vsdb jobs attach \(planned.job.id)")
            if !shared.json { try console.print(planned.job.id) }
        } else {
            try follow(follower, cancellation)
        }
    }

    /// Follows a job to its end.
    func follow(_ reference: String, _ cancellation: Cancellation) throws {
        try follow(try JobFollower(session, job: reference), cancellation)
    }

    private func follow(_ follower: JobFollower, _ cancellation: Cancellation) throws {
        let reporter = JobReporter(console: shared.console, isJSON: shared.json)
        do {
            let state = try follower.follow(cancellation: cancellation) { try reporter.report($0) }
            try reporter.finish(state)
        } catch is InterruptedError {
            ProgressLine.clear()
            shared.console.note(
                "left the job, its tasks go on; vsdb jobs attach \(follower.job.id) takes their results, "
                    + "vsdb jobs cancel \(follower.job.id) ends them"
            )
            throw Interruption.status
        }
    }
}
