/// A library that cannot do what was asked, with what, where and what to do.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// The closed list of reasons; commands choose exit codes by it.
    public enum Kind: Sendable, Equatable {
        /// No library at or above the place.
        case noLibrary
        /// A library, or something else, is at the place already.
        case alreadyExists
        /// The library was written by a newer vsdb.
        case newerFormat
        /// The library was written by an older vsdb, and `migrate` has to come first.
        case olderFormat
        /// Another process held the write lock for the whole waiting time.
        case locked
        /// Too many readers at once.
        case busy
        /// No clip, asset, pack or composition has that name, hash or number.
        case unknownReference
        /// A short hash that several objects share; their names are listed.
        case ambiguousReference(candidates: [String])
        /// A file or record is not what was written.
        case damaged
        /// Files of different libraries lie together, or a file is not of vsdb.
        case stranger
        /// The disk, or the address space, is full.
        case noSpace
        /// The files may not be written.
        case notWritable
        /// A saved composition needs what was to be removed.
        case inUse
        /// The name is taken by other content.
        case conflict
        /// A value that a library cannot hold.
        case invalidValue
        /// The caller asked to stop; nothing half-done is left.
        case interrupted
        /// Anything else that the system reported.
        case failed
    }

    /// Why it failed.
    public let kind: Kind
    /// What went wrong, where, and what to do.
    public let description: String

    /// What went wrong and where, without what to do: for a report of what was done about it.
    var fact: String { String(description.prefix { $0 != ";" }) }

    /// Describes one failure.
    public init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
