/// A clip that could not be kept, and what to do for it.
public struct LostClip: Sendable, Equatable {
    /// What it was; nil if no id of it can be read.
    public let id: ClipID?
    /// Its name in the library.
    public let name: String
    /// The file that it was cut from; ingest it again.
    public let sourcePath: String
    /// The first second of the range in the source.
    public let start: Double
    /// The second of the source where the range ends.
    public let end: Double
    /// What of it is damaged.
    public let reason: String
}

/// What a repair did, or would do.
public struct RepairReport: Sendable, Equatable {
    /// What was done, a sentence each, in order; empty for a sound library.
    public internal(set) var actions: [String] = []
    /// The clips that were taken out.
    public internal(set) var lostClips: [LostClip] = []
    /// Saved recipes that lost a clip, by name.
    public internal(set) var brokenCompositions: [String] = []
    /// Where everything lies that was taken out; nil if nothing was.
    public internal(set) var quarantine: String?
    /// What is still wrong.
    public internal(set) var remaining: [LibraryProblem] = []

    /// Whether there was nothing to do.
    public var isEmpty: Bool { self == RepairReport() }
}
