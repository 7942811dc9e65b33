/// Why a training cannot start or go on.
public struct TrainingError: Error, Sendable, CustomStringConvertible {
    /// What kind of trouble it is.
    public enum Kind: Sendable {
        /// The configuration, or what it asks for.
        case badConfig
        /// Too few clips, captions missing, clips of another pack.
        case badData
        /// A loss or a gradient stopped being finite.
        case diverged
        /// A checkpoint cannot be read, or is of another run.
        case badCheckpoint
        /// A file cannot be written.
        case cannotWrite
    }

    /// What kind of trouble it is.
    public let kind: Kind
    /// What, where, and what to do.
    public let description: String

    /// Says what happened.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
