import Foundation

/// What tasks of a cluster, merges and libraries took: what the plan is computed from.
struct ClusterCosts: Codable {
    /// Where the measurement leaves its figures.
    static let file = "Benchmarks/results/cluster.json"

    /// A task's report, as the job's folder has it.
    struct Task: Codable {
        var seconds: Double
        var setupSeconds: Double
        var publishSeconds: Double
        var byteCount: Int
        var clips: Int
        var frames: Int

        /// Seconds of encoding alone.
        var encodeSeconds: Double { max(0, seconds - setupSeconds - publishSeconds) }
    }

    /// Bundles of a shard's size that come into a library of some size.
    struct Merge: Codable {
        let storedClips: Int
        let bundleClips: Int
        let seconds: Double
    }

    /// A library of some size, on the disk and in use.
    struct LibrarySize: Codable {
        let clips: Int
        let tensorBytes: Int
        let catalogBytes: Int
        let indexBytes: Int
        let checkSeconds: Double
        let readDataSeconds: Double
        let backupSeconds: Double
        let similarSeconds: Double
    }

    let date: Date
    let machine: [String: String]
    /// Reports of an ingest, one task at a time on a node.
    var tasks: [Task]
    /// Between the end of a task and the start of the next on a node: Slurm's and the process's.
    let startSeconds: Double
    /// Bytes of films, shared out among their clips.
    var filmBytesPerClip: Double
    /// Bytes of the pack, which every task copies.
    var packBytes: Int
    var merges: [Merge]
    /// `vsdb merge` of a library into an empty one.
    let libraryMergeSecondsPerClip: Double
    let libraries: [LibrarySize]

    init(
        tasks: [Task],
        folder: JobFigures,
        packBytes: Int,
        merges: [Merge],
        libraryMerge: Double,
        libraries: [LibrarySize]
    ) {
        (date, machine) = (Date(), Machine.facts())
        (self.tasks, self.packBytes, self.merges) = (tasks, packBytes, merges)
        (startSeconds, filmBytesPerClip) = (folder.startSeconds, folder.filmBytesPerClip)
        (libraryMergeSecondsPerClip, self.libraries) = (libraryMerge, libraries)
    }

    /// Reads what the last measurement left.
    ///
    /// - Throws: An error of Foundation.
    init(file: String = file) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        self = try decoder.decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
    }

    func write() throws {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(self) + Data("\n".utf8))
            .write(to: URL(fileURLWithPath: Self.file), options: .atomic)
        print("written to \(Self.file)")
    }
}

/// What a job's folder says about how long its tasks took.
struct JobFigures {
    private(set) var tasks: [ClusterCosts.Task] = []
    /// Between the end of a task and the start of the next on its node; the mean, for times are whole seconds.
    private(set) var startSeconds = 0.0
    private(set) var filmBytesPerClip = 0.0

    /// Reads `done/NNNN/report.json`, `collected/NNNN.json`, `attempts/NNNN.K.json` and `tasks/NNNN.json`.
    ///
    /// - Throws: `BenchError` if no task is done; an error of Foundation.
    init(folder: String) throws {
        let reports =
            try Self.files(folder + "/done").map { "\($0)/report.json" }
            .filter(FileManager.default.fileExists)
            + Self.files(folder + "/collected").filter { $0.hasSuffix(".json") }
        var byTask: [Int: ClusterCosts.Task] = [:]
        for path in reports {
            struct Numbered: Decodable { let task: Int }
            byTask[try Self.read(Numbered.self, path).task] = try Self.read(
                ClusterCosts.Task.self,
                path
            )
        }
        tasks = byTask.sorted { $0.key < $1.key }.map(\.value)
        guard !tasks.isEmpty else { throw BenchError("\"\(folder)\" has no task that is done") }
        try readAttempts(folder)
        try readFilms(folder)
    }

    private mutating func readAttempts(_ folder: String) throws {
        struct Attempt: Decodable {
            let node: String
            let started: Date
            let ended: Date?
        }
        let attempts = try Self.files(folder + "/attempts").filter { $0.hasSuffix(".json") }
            .map { try Self.read(Attempt.self, $0) }
        var gaps: [Double] = []
        for own in Dictionary(grouping: attempts, by: \.node).values {
            let ordered = own.sorted { $0.started < $1.started }
            for (last, next) in zip(ordered, ordered.dropFirst()) {
                guard let ended = last.ended, ended <= next.started else { continue }
                gaps.append(next.started.timeIntervalSince(ended))
            }
        }
        startSeconds = gaps.isEmpty ? 0 : gaps.reduce(0, +) / Double(gaps.count)
    }

    private mutating func readFilms(_ folder: String) throws {
        struct Shard: Decodable {
            struct Source: Decodable { let path: String }
            let sources: [Source]?
        }
        let paths = try Self.files(folder + "/tasks").filter { $0.hasSuffix(".json") }
            .flatMap { try Self.read(Shard.self, $0).sources ?? [] }.map(\.path)
        let bytes = Set(paths).reduce(0) { sum, path in
            // A film that is gone since has no size.
            let facts = try? FileManager.default.attributesOfItem(atPath: path)
            return sum + (facts?[.size] as? Int ?? 0)
        }
        filmBytesPerClip = Double(bytes) / Double(max(1, tasks.reduce(0) { $0 + $1.clips }))
    }

    private static func files(_ folder: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            .map { folder + "/" + $0 }
    }

    private static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(type, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
