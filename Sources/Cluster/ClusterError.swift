/// Work on a cluster that cannot go on.
public struct ClusterError: Error, Sendable, CustomStringConvertible {
    /// What kind of problem it is.
    public enum Kind: Sendable, Hashable {
        /// The engine's programs are missing, refuse, or do not answer.
        case engine
        /// The engine took nothing of what was sent.
        case refused
        /// There is no such job.
        case unknownJob
        /// A file of a job is not what was written.
        case damaged
        /// A job belongs to another library.
        case stranger
        /// Options that do not go together.
        case badRequest
        /// Tasks failed for good.
        case failed
    }

    /// What kind of problem it is.
    public let kind: Kind
    /// What is wrong, where, and what to do.
    public let description: String

    /// Describes one problem.
    public init(_ kind: Kind, _ description: String) {
        (self.kind, self.description) = (kind, description)
    }
}
