/// An index that cannot do what was asked, with what, where and what to do.
public struct SearchError: Error, Sendable, CustomStringConvertible {
    /// The closed list of reasons.
    public enum Kind: Sendable, Equatable {
        /// Files are not what was written: the index is to be built anew.
        case damaged
        /// Another process is writing the index.
        case locked
        /// The files may not be written.
        case notWritable
        /// The disk is full.
        case noSpace
        /// Anything else that the system reported.
        case failed
    }

    /// Why it failed.
    public let kind: Kind
    /// What went wrong, where, and what to do.
    public let description: String

    /// Describes one failure.
    public init(_ kind: Kind, _ description: String) {
        (self.kind, self.description) = (kind, description)
    }
}
