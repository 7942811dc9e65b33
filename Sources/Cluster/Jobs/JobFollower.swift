internal import Foundation
internal import Glibc
public import Pipelines
internal import Store

/// Something that happens to a job that is followed.
public enum JobEvent: Sendable {
    /// Tasks were sent to Slurm.
    case sent(array: String, tasks: [Int])
    /// The results of a task are in the library, or its frames are there.
    case collected(TaskReport, added: Int)
    /// A file could not be ingested; the others go on.
    case failure(TaskReport.Failure)
    /// Clips of a task that was asked to stop are in the library.
    case handedIn(task: Int, added: Int)
    /// A task is sent again.
    case retried(task: Int, reason: String)
    /// A film is written.
    case film(name: String, path: String)
    /// How far it is.
    case state(JobState)
    /// What the user should know.
    case warning(String)
}

/// Follows a job: sends its tasks, takes what they publish into the library, sends again what failed.
///
/// All that it knows lies in the job's folder and in Slurm. It can be killed at any point, and another one goes on:
/// what was sent is found by the job's name, and taking a result into the library twice adds nothing.
public struct JobFollower {
    let session: Session
    let folder: JobFolder
    /// The job.
    public let job: ClusterJob
    private let slurm: Slurm
    private let claim: LibraryLock
    /// The tasks of each film, in the order of their frames; none for an ingest.
    private let chunks: [Int: [(task: Int, frames: Range<Int>)]]
    private let place: LibraryPlace
    private let isNew: Bool

    /// How many results are taken at once.
    private static let batch = 32
    /// How often Slurm and the folder are asked.
    private static let interval = 1.0

    /// Follows a job of a library.
    ///
    /// - Parameters:
    ///   - session: The library.
    ///   - reference: The job's id, or its first digits.
    ///   - isNew: Whether it was made just now; its folder goes again if Slurm takes nothing of it.
    ///   - slurm: The engine.
    /// - Throws: `ClusterError`: `.unknownJob`, `.stranger`, `.damaged`; `StoreError`, `.locked` if another one does.
    public init(
        _ session: Session,
        job reference: String,
        isNew: Bool = false,
        slurm: Slurm = Slurm()
    ) throws {
        let registry = JobRegistry(session.library)
        let entry = try registry.find(reference)
        folder = JobFolder(path: entry.folder)
        job = try folder.job()
        guard job.libraryUUID == session.library.uuid else {
            throw ClusterError(
                .stranger,
                "job \(job.id) belongs to another library, \"\(job.library)\""
            )
        }
        claim = try registry.claim(entry.id)
        place = LibraryPlace(session.library)
        chunks = job.render == nil ? [:] : try folder.chunks(job)
        (self.session, self.slurm, self.isNew) = (session, slurm, isNew)
    }

    /// Sends the tasks that were never sent; does nothing else.
    ///
    /// - Throws: `ClusterError`: `.engine` or `.refused`.
    public func send(_ onEvent: (JobEvent) throws -> Void) throws {
        var inspector = JobInspector(folder, job, slurm)
        let state = try inspector.state()
        if let silence = state.silence { throw ClusterError(.engine, silence) }
        try send(state.tasks.filter { $0.phase == .unsent }.map(\.number), onEvent)
    }

    /// Works until every task is collected, has failed for good or was cancelled.
    ///
    /// - Parameters:
    ///   - cancellation: Stops following; the tasks go on.
    ///   - onEvent: Is told what happens.
    /// - Returns: The last state.
    /// - Throws: `InterruptedError`, `ClusterError`, `StoreError`, errors of the disk, or what `onEvent` throws.
    public func follow(
        cancellation: Cancellation,
        onEvent: (JobEvent) throws -> Void
    ) throws -> JobState {
        var inspector = JobInspector(folder, job, slurm, isPatient: true)
        try slurm.requireClient()
        var isSilent = false
        while true {
            try cancellation.check()
            try place.check(folder)
            try collectPartial(cancellation, onEvent)
            var state = try inspector.state()
            let published = state.tasks.filter { $0.phase == .published }.map(\.number)
            for start in stride(from: 0, to: published.count, by: Self.batch) {
                let some = published[start..<min(start + Self.batch, published.count)]
                for task in try collect(Array(some), cancellation, onEvent) {
                    state.tasks[task].phase = .collected
                }
            }
            try writeFilms(state, cancellation, onEvent)
            if let silence = state.silence, !isSilent {
                try onEvent(.warning("\(silence); asking again until it answers"))
            }
            isSilent = state.silence != nil
            let unsent = state.tasks.filter { $0.phase == .unsent }
            if !state.isCancelled, !isSilent {
                for task in unsent where task.attempts > 0 || task.reason != nil {
                    try onEvent(.retried(task: task.number, reason: task.reason ?? "it died"))
                }
                try send(unsent.map(\.number), onEvent)
            }
            try onEvent(.state(state))
            if state.isOver {
                try endIngestRun()
                return try finish(state)
            }
            if state.isCancelled, state.count(.running) + state.count(.waiting) == 0, !isSilent {
                try endIngestRun()
                return state
            }
            try rest(cancellation)
        }
    }

    private func rest(_ cancellation: Cancellation) throws {
        let end = ContinuousClock.now + .seconds(Self.interval)
        while ContinuousClock.now < end {
            try cancellation.check()
            usleep(50_000)
        }
    }

    private func send(_ tasks: [Int], _ onEvent: (JobEvent) throws -> Void) throws {
        guard !tasks.isEmpty else { return }
        let array: String
        do {
            array = try slurm.submit(
                folder.scriptPath,
                tasks: tasks,
                of: job,
                avoiding: try failedNodes(tasks)
            )
        } catch let error as ClusterError where error.kind == .refused {
            throw ClusterError(.refused, "\(error.description); \(try afterRefusal())")
        }
        try folder.write(
            SentTasks(array: array, tasks: tasks, sent: Date()),
            to: "sent/\(array).json"
        )
        _ = try ingestRun()
        try onEvent(.sent(array: array, tasks: tasks))
    }

    /// Cleans up after a refusal.
    ///
    /// - Returns: What became of the job, and what to do.
    private func afterRefusal() throws -> String {
        let wasSent = try !folder.names(in: "sent").isEmpty || !folder.names(in: "attempts").isEmpty
        // Slurm may have taken what it could not answer for; such tasks would look for their folder. A controller that
        // does not answer now is not known to have nothing.
        if isNew, !wasSent, let queue = try? slurm.queue(of: job), queue.isEmpty {
            do {
                try JobRegistry(session.library).discard(job.id, folder)
                return
                    "nothing was sent, and the job's folder is deleted; correct the options, and give the command again"
            } catch {
                return
                    "nothing was sent, but \"\(folder.path)\" cannot be deleted (\(error)); vsdb jobs remove \(job.id)"
            }
        }
        return (wasSent ? "tasks that were sent before go on, and " : "")
            + "the job's folder stays; correct \"\(folder.scriptPath)\", and send "
            + "\(wasSent ? "the others" : "its tasks") with vsdb jobs retry \(job.id)"
    }

    /// Where the last attempts of tasks failed: a node that fails at once would get all retries.
    private func failedNodes(_ tasks: [Int]) throws -> Set<String> {
        Set(
            try tasks.compactMap { task in
                try folder.attempts(of: task).last.flatMap { $0.outcome == .failed ? $0.node : nil }
            }
        )
    }

    // MARK: Results

    /// Takes results of tasks into the library, and says so in the folder.
    ///
    /// Many at once, for the indexes of a large library are brought in line but once then. Results that are not what was
    /// published are put aside, and their task is done again.
    ///
    /// - Returns: The tasks that are collected.
    private func collect(
        _ tasks: [Int],
        _ cancellation: Cancellation,
        _ onEvent: (JobEvent) throws -> Void
    ) throws -> [Int] {
        var added: [String: Int] = [:]
        do {
            let reports = try tasks.map { try report(of: $0) }
            let bundles = reports.filter { job.ingest != nil && $0.clips > 0 }
                .map { folder.donePath($0.task) + "/bundle" }
            if !bundles.isEmpty {
                try session.importBundles(
                    bundles,
                    run: try ingestRun(),
                    cancellation: cancellation
                ) {
                    added[$0.source] = $0.added
                }
            }
            // What went into files that are not the library's any more is still in the job's folder.
            try place.check(folder)
            for report in reports {
                try note(report, added[folder.donePath(report.task) + "/bundle"] ?? 0, onEvent)
            }
            return tasks
        } catch let error as StoreError {
            guard error.kind == .damaged else { throw error }
            return try collectOneByOne(tasks, error.description, cancellation, onEvent)
        } catch let error as ClusterError {
            guard error.kind == .damaged else { throw error }
            return try collectOneByOne(tasks, error.description, cancellation, onEvent)
        }
    }

    private func collectOneByOne(
        _ tasks: [Int],
        _ fault: String,
        _ cancellation: Cancellation,
        _ onEvent: (JobEvent) throws -> Void
    ) throws -> [Int] {
        guard tasks.count == 1 else {
            return try tasks.flatMap { try collect([$0], cancellation, onEvent) }
        }
        let name = JobFolder.name(tasks[0])
        let aside = "\(folder.path)/attempts/\(name).damaged-\(UUID().uuidString.prefix(8))"
        guard rename(folder.donePath(tasks[0]), aside) == 0 else {
            throw ClusterError(.damaged, "\(fault); and it cannot be put aside")
        }
        try onEvent(.warning("results of task \(tasks[0]) are put aside: \(fault)"))
        return []
    }

    private func report(of task: Int) throws -> TaskReport {
        let place = JobFolder(path: folder.donePath(task))
        guard let report = try place.read(TaskReport.self, "report.json"), report.task == task
        else { throw ClusterError(.damaged, "\"\(place.path)\" has no report") }
        return report
    }

    private func note(
        _ report: TaskReport,
        _ added: Int,
        _ onEvent: (JobEvent) throws -> Void
    ) throws {
        try folder.write(report, to: "collected/\(JobFolder.name(report.task)).json")
        if job.ingest != nil {
            // The clips are in the library, on its disk; the report stays.
            removeResults(folder.donePath(report.task) + "/bundle", report.task)
        }
        try onEvent(.collected(report, added: added))
        for failure in report.failures { try onEvent(.failure(failure)) }
    }

    private func removeResults(_ path: String, _ task: Int) {
        let files = FileManager.default
        // Whatever resists is in nobody's way, and goes with the job's folder.
        try? files.removeItem(atPath: path)
        // What cannot be listed goes with the job's folder.
        for name in (try? folder.names(in: "partial")) ?? []
        where name.hasPrefix(JobFolder.name(task) + ".") {
            try? files.removeItem(atPath: "\(folder.path)/partial/\(name)")
        }
    }

    /// Whole clips of tasks that were asked to stop need not wait for the rest.
    private func collectPartial(
        _ cancellation: Cancellation,
        _ onEvent: (JobEvent) throws -> Void
    ) throws {
        guard job.ingest != nil else { return }
        for name in try folder.names(in: "partial") {
            let bundle = "\(folder.path)/partial/\(name)"
            guard access(bundle + "/taken", F_OK) != 0 else { continue }
            do {
                var added = 0
                try session.importBundles(
                    [bundle + "/bundle"],
                    run: try ingestRun(),
                    cancellation: cancellation
                ) { added += $0.added }
                let task = Int(name.prefix { $0.isNumber }) ?? 0
                if added > 0 { try onEvent(.handedIn(task: task, added: added)) }
            } catch let error as StoreError {
                guard error.kind == .damaged else { throw error }
                // The next attempt passes it over too, and makes its clips again.
                try onEvent(.warning(error.description))
            }
            try Data().write(to: URL(fileURLWithPath: bundle + "/taken"))
        }
    }

    /// Writes the films whose frames are all there.
    private func writeFilms(
        _ state: JobState,
        _ cancellation: Cancellation,
        _ onEvent: (JobEvent) throws -> Void
    ) throws {
        guard let render = job.render else { return }
        for (number, film) in render.films.enumerated() {
            let mark = "collected/film-\(number)"
            let own = chunks[number] ?? []
            guard access("\(folder.path)/\(mark)", F_OK) != 0,
                own.allSatisfy({ state.tasks[$0.task].phase == .collected })
            else { continue }
            var options = RenderOptions()
            (options.output, options.sheet) = (film.output, film.sheet)
            try session.assemble(film.recipe, options, cancellation: cancellation) { frame in
                guard let chunk = own.first(where: { $0.frames.contains(frame) }) else {
                    throw ClusterError(.damaged, "job \(job.id): frame \(frame) is nobody's")
                }
                let index = String(format: "%06d", frame - chunk.frames.lowerBound)
                return "\(folder.donePath(chunk.task))/frames/\(index).png"
            }
            try Data().write(to: URL(fileURLWithPath: "\(folder.path)/\(mark)"))
            for chunk in own { removeResults(folder.donePath(chunk.task) + "/frames", chunk.task) }
            for path in [film.output, film.sheet].compactMap({ $0 }) {
                try onEvent(.film(name: film.name, path: path))
            }
        }
    }

    /// Deletes what no task needs any more; documents, reports and logs stay.
    private func finish(_ state: JobState) throws -> JobState {
        guard state.count(.failed) + state.count(.cancelled) == 0 else { return state }
        let files = FileManager.default
        let drafts = try folder.names(in: "attempts").filter { !$0.hasSuffix(".json") }
            .map { "\(folder.path)/attempts/\($0)" }
        // Whatever resists goes with the job's folder.
        for path in [folder.packPath, folder.inputPath, folder.knownPath] + drafts {
            try? files.removeItem(atPath: path)
        }
        return state
    }
}

extension JobFolder {
    /// Which task has which frames of a film.
    fileprivate func chunks(
        _ job: ClusterJob
    ) throws -> [Int: [(task: Int, frames: Range<Int>)]] {
        var chunks: [Int: [(task: Int, frames: Range<Int>)]] = [:]
        for task in 0..<job.taskCount {
            guard let chunk = try read(FrameChunk.self, "tasks/\(Self.name(task)).json") else {
                throw ClusterError(.damaged, "\"\(path)\": task \(task) is missing")
            }
            chunks[chunk.film, default: []].append((task, chunk.frames))
        }
        return chunks.mapValues { $0.sorted { $0.frames.lowerBound < $1.frames.lowerBound } }
    }
}
