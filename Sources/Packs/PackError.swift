internal import Tensors

/// A pack that cannot be used, with file, key and what to do.
public struct PackError: Error, Sendable, CustomStringConvertible {
    /// The closed list of reasons; commands choose exit codes by it.
    public enum Kind: Sendable, Equatable {
        /// There is no pack at the place.
        case notFound
        /// The files are there and may not be read.
        case notReadable
        /// `pack.json` is not what it should be.
        case badManifest
        /// A weight file lacks a tensor, has another shape, or another hash.
        case weightsMismatch
        /// The pack has no network for what was asked.
        case missingNetwork
        /// Options or a configuration file do not say what is needed, or say what cannot be.
        case badRequest
        /// There is something at the place already.
        case alreadyExists
        /// The disk is full, or takes nothing for another reason.
        case cannotWrite
    }

    /// Why it failed.
    public let kind: Kind
    /// What went wrong, where, and what to do.
    public let description: String

    /// Describes one failure.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        // Messages quote names out of files, which may hold orders to a terminal.
        self.description = description.withoutControls
    }
}
