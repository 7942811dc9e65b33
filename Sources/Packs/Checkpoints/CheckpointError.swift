import Tensors

/// A checkpoint that cannot be read: file, place and the rule that it breaks.
public struct CheckpointError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public let description: String

    init(_ path: String, _ problem: String) {
        description = "checkpoint \"\(path)\": \(problem)".asOneLine
    }
}
