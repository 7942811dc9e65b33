public import Foundation

/// The number of an ingest run in one library.
public struct IngestRunID: Sendable, Hashable {
    let number: Int64
}

/// One call of ingest: what was asked and what came of it.
public struct IngestRun: Sendable, Equatable {
    /// Its number.
    public let id: IngestRunID
    /// What was asked, as a JSON object.
    public let requestJSON: String
    /// When it began.
    public let started: Date
    /// When it ended; nil if it is under way or was killed.
    public let finished: Date?
    /// Clips added, known already, and failed.
    public let counts: IngestCounts
}

/// How many clips an ingest run added, knew already, and could not read.
public struct IngestCounts: Sendable, Equatable {
    /// New clips.
    public var added: Int
    /// Clips that the library had already.
    public var skipped: Int
    /// Inputs that failed.
    public var failed: Int

    /// Counts the outcome of a run.
    public init(added: Int = 0, skipped: Int = 0, failed: Int = 0) {
        self.added = added
        self.skipped = skipped
        self.failed = failed
    }
}
