internal import Foundation
internal import Store

/// The files of a job, on a disk that every node sees: what tasks read, and where they publish.
///
/// ```
/// job.json            what is asked, once and for all
/// job.sh              the script that Slurm runs; people may edit it
/// pack/, input/       what tasks need of the library
/// known.txt           ids of clips that the library has
/// tasks/NNNN.json     what a task does
/// attempts/NNNN.K.json  that attempt K began, and how it ended; NNNN.K/ while it writes results
/// partial/NNNN.K/     what attempt K had when it was asked to stop
/// done/NNNN/          the results of a task, whole: renamed from its attempt
/// collected/NNNN.json that the results are in the library
/// progress/NNNN.json  how far a running task is
/// logs/, sent/        what tasks said; which tasks were sent when
/// withdrawn/NNNN.A    that a task was cancelled in array A of Slurm; with .again, that it may go on
/// ```
///
/// A name appears by `rename` of what is whole and on the disk, or by exclusive creation. Nothing here needs locks,
/// which network file systems have only sometimes.
struct JobFolder: Sendable {
    let path: String

    static let folders = [
        "tasks", "attempts", "partial", "done", "collected", "progress", "logs", "sent", "allowed",
    ]

    /// The name of a task in files.
    static func name(_ task: Int) -> String { String(format: "%04d", task) }

    /// What it is called while it is made, and while it is deleted.
    var draftPath: String {
        let place = URL(fileURLWithPath: path)
        return "\(place.deletingLastPathComponent().path)/.\(place.lastPathComponent).draft"
    }
    /// Whether it is being made or deleted.
    var isDraft: Bool { !fileExists(path) && fileExists(draftPath) }
    var scriptPath: String { path + "/job.sh" }
    var packPath: String { path + "/pack" }
    var inputPath: String { path + "/input" }
    var knownPath: String { path + "/known.txt" }
    func attemptPath(_ task: Int, _ attempt: Int) -> String {
        "\(path)/attempts/\(Self.name(task)).\(attempt)"
    }
    func donePath(_ task: Int) -> String { "\(path)/done/\(Self.name(task))" }
    func logPath(_ task: Int, _ array: String) -> String { "\(path)/logs/\(task).\(array).log" }

    // MARK: Documents

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        encoder.dateEncodingStrategy = .iso8601
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "infinity",
            negativeInfinity: "-infinity",
            nan: "nan"
        )
        return encoder
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "infinity",
            negativeInfinity: "-infinity",
            nan: "nan"
        )
        return decoder
    }

    /// Writes a document that is there whole or not at all, on the disk.
    ///
    /// - Throws: `StoreError`.
    func write(_ value: some Encodable, to name: String) throws {
        let target = path + "/" + name
        let draft = "\(target).\(UUID().uuidString.prefix(8)).draft"
        do {
            try writeDurably(try Self.encoder.encode(value) + Data("\n".utf8), to: draft)
            try replaceFile(target, by: draft)
        } catch {
            // Nobody reads a draft; one that resists goes with the job's folder.
            try? FileManager.default.removeItem(atPath: draft)
            throw error
        }
    }

    /// Reads a document.
    ///
    /// - Returns: Nil if it is not there.
    /// - Throws: `ClusterError`, `.damaged`; an error of Foundation if it cannot be read.
    func read<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value? {
        let target = path + "/" + name
        let data: Data
        do { data = try Data(contentsOf: URL(fileURLWithPath: target)) } catch let error
            as CocoaError
            where error.code == .fileReadNoSuchFile
        { return nil }
        do { return try Self.decoder.decode(type, from: data) } catch {
            throw ClusterError(.damaged, "\"\(target)\" is not what vsdb wrote: \(error)")
        }
    }

    /// The job of this folder.
    ///
    /// - Throws: `ClusterError`, `.unknownJob` or `.damaged`.
    func job() throws -> ClusterJob {
        struct Version: Decodable { let format: Int }
        guard let version = try read(Version.self, "job.json") else {
            throw ClusterError(
                .unknownJob,
                "\"\(path)\" is no folder of a job: job.json is missing; is its disk mounted here?"
            )
        }
        guard version.format == ClusterJob.currentFormat else {
            throw ClusterError(
                .damaged,
                "\"\(path)/job.json\" has form \(version.format), this vsdb knows \(ClusterJob.currentFormat)"
            )
        }
        guard let job = try read(ClusterJob.self, "job.json"),
            (job.ingest == nil) != (job.render == nil)
        else { throw ClusterError(.damaged, "\"\(path)/job.json\" has no work in it") }
        return job
    }

    // MARK: Names

    /// The tasks that have an entry in one of the folders.
    ///
    /// - Throws: An error of Foundation.
    func tasks(in folder: String) throws -> Set<Int> {
        Set(try names(in: folder).compactMap { Int($0.prefix { $0.isNumber }) })
    }

    /// The names in a folder, without drafts; none if it is not there.
    ///
    /// - Throws: An error of Foundation: what a disk does not tell is not empty.
    func names(in folder: String) throws -> [String] {
        let all: [String]
        do {
            all = try FileManager.default.contentsOfDirectory(atPath: path + "/" + folder)
        } catch let error as CocoaError
            where error.code == .fileReadNoSuchFile
        { return [] }
        return all.filter { !$0.hasSuffix(".draft") && !$0.hasPrefix(".") }.sorted()
    }

    /// The name of an attempt's document.
    static func attemptName(_ task: Int, _ number: Int) -> String {
        "attempts/\(name(task)).\(number).json"
    }

    /// The attempts of a task so far, the first one first.
    func attempts(of task: Int) throws -> [TaskAttempt] {
        let prefix = Self.name(task) + "."
        return try names(in: "attempts").filter { $0.hasPrefix(prefix) && $0.hasSuffix(".json") }
            .compactMap { try attempt("attempts/" + $0) }
            .sorted { $0.number < $1.number }
    }

    /// An attempt; nil while its claim is empty, for a moment after its creation.
    func attempt(_ name: String) throws -> TaskAttempt? {
        guard fileByteCount(path + "/" + name) > 0 else { return nil }
        return try read(TaskAttempt.self, name)
    }

    /// How often a task may be tried.
    func allowedAttempts(_ task: Int, _ job: ClusterJob) throws -> Int {
        try read(Int.self, "allowed/\(Self.name(task)).json") ?? job.retries + 1
    }
}

/// One try of a task.
struct TaskAttempt: Codable, Sendable {
    /// How it ended.
    enum Outcome: String, Codable, Sendable {
        /// The results are published.
        case done
        /// It was asked to stop, and handed in what it had.
        case partial
        /// It was asked to stop before it had anything.
        case stopped
        case failed
    }

    let task: Int
    /// Counted from 1.
    let number: Int
    let node: String
    /// Slurm's array and how often Slurm has begun this task of it anew.
    let array: String
    let restart: Int
    let started: Date
    var ended: Date?
    var outcome: Outcome?
    /// What went wrong.
    var message: String?
}

/// Tasks that were sent together.
struct SentTasks: Codable, Sendable {
    let array: String
    let tasks: [Int]
    let sent: Date
}

/// How far a running task is.
struct TaskProgress: Codable, Sendable {
    let task: Int
    let node: String
    /// The part of its work that is done, `0...1`.
    let fraction: Double
}
