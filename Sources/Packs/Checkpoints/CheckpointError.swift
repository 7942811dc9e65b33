import Tensors

/// A checkpoint that cannot be read: file, place and the rule that it breaks.
public struct CheckpointError: Error, Sendable, CustomStringConvertible {
    /// The closed list of reasons; commands choose exit codes by it.
    public enum Kind: Sendable {
        /// The file cannot be opened: permissions, no regular file.
        case unreadable
        /// The file is damaged or of a format that is not supported.
        case damaged
    }

    /// Why it failed.
    public let kind: Kind
    /// What is wrong, where, and what to do.
    public let description: String

    init(_ path: String, _ problem: String, kind: Kind = .damaged) {
        self.kind = kind
        description = "checkpoint \"\(path)\": \(problem)".asOneLine
    }
}
