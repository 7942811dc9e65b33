public import Foundation
public import Pipelines
public import Tensors

/// Work of a library that a cluster does in tasks: what `job.json` in the job's folder says, once and for all.
public struct ClusterJob: Codable, Sendable {
    /// The version of this document's form.
    static let currentFormat = 1

    /// Films that become clips.
    public struct Ingest: Codable, Sendable {
        /// How; each task has inputs of its own.
        public var request: IngestRequest
        /// The fingerprint of the pack, which lies in the job's folder.
        public var pack: String
        /// How many files all tasks have.
        public var fileCount: Int
    }

    /// One film of a render.
    public struct Film: Codable, Sendable {
        /// What the recipe is called, for people.
        public var name: String
        /// What is shown.
        public var recipe: Recipe
        /// Where the film goes; nil for none.
        public var output: String?
        /// Where the contact sheet goes; nil for none.
        public var sheet: String?
    }

    /// Recipes that become films.
    public struct Render: Codable, Sendable {
        /// The films.
        public var films: [Film]
        /// Stops the generator at the first resolution with at least this many rows.
        public var rows: Int?
        /// What all tasks multiply in.
        public var precision: Precision
    }

    /// The version of this document's form; 1.
    let format: Int
    /// Eight hexadecimal digits.
    public let id: String
    /// When it was made.
    public let created: Date
    /// The library that gets the results.
    public let library: String
    /// What tells that library from all others.
    public let libraryUUID: String
    /// How many tasks it has.
    public let taskCount: Int
    /// How often a task that failed is tried again.
    public let retries: Int
    /// What it asks of Slurm.
    public let slurm: SlurmOptions
    /// The work, if it is an ingest.
    public let ingest: Ingest?
    /// The work, if it is a render.
    public let render: Render?

    /// What Slurm calls it.
    var slurmName: String { Self.slurmName(id) }

    /// What Slurm calls a job of an id.
    static func slurmName(_ id: String) -> String { "vsdb-\(id)" }

    /// Says what it is in a line.
    public var title: String {
        let tasks = taskCount == 1 ? "1 task" : "\(taskCount) tasks"
        if let ingest {
            let files = ingest.fileCount == 1 ? "1 file" : "\(ingest.fileCount) files"
            return "vsdb job \(id): ingest \(files) in \(tasks)"
        }
        let films = render?.films.count ?? 0
        return "vsdb job \(id): render \(films == 1 ? "1 film" : "\(films) films") in \(tasks)"
    }
}

/// What one task of an ingest does.
package struct IngestShard: Codable, Sendable {
    /// A file, or some seconds of one.
    package struct Source: Codable, Sendable, Hashable {
        package let path: String
        /// The seconds whose clips are this task's; nil for all.
        package var seconds: [Range<Double>]?
        /// A sentence about its clips.
        var caption: String?
        /// Which part of its frames is used.
        var boxes: [TimedBox]?
    }

    /// The files.
    package var sources: [Source]
    /// The work that was expected, in clips.
    package let cost: Double
}

/// What one task of a render does.
package struct FrameChunk: Codable, Sendable {
    /// The film's place in the job's list.
    package let film: Int
    /// The frames, counted from 0.
    package let frames: Range<Int>
}

/// What a task did, published with its results.
public struct TaskReport: Codable, Sendable {
    /// A file that could not be ingested.
    public struct Failure: Codable, Sendable {
        /// The file.
        public let path: String
        /// What is wrong and what to do.
        public let reason: String
    }

    /// The task.
    public let task: Int
    /// Which attempt it was, counted from 1.
    public let attempt: Int
    /// Where it ran.
    public let node: String
    /// How long it took, in seconds.
    public var seconds = 0.0
    /// Seconds of that: making the scratch library and its pack.
    public var setupSeconds = 0.0
    /// Seconds of that: writing and publishing the results.
    public var publishSeconds = 0.0
    /// Bytes of the results.
    public var byteCount = 0
    /// Clips, with those of earlier attempts.
    public var clips = 0
    /// Clips that the library had before.
    public var known = 0
    /// Seconds of video that were encoded.
    public var videoSeconds = 0.0
    /// Files that could not be ingested.
    public var failures: [Failure] = []
    /// Frames that were rendered.
    public var frames = 0
    /// Whether the task was asked to stop and this is only what it had.
    public var isPartial = false
}
