/// Something about a library that is not as it was written.
public struct LibraryProblem: Sendable, Equatable {
    /// What it is about.
    public enum Place: Sendable, Hashable {
        /// library.json.
        case manifest
        /// catalog.sqlite as a whole, or a row that no clip needs.
        case catalog
        /// tensors.lmdb as a whole.
        case tensors
        /// One clip: its rows or its records.
        case clip(ClipID)
        /// The files or the row of a pack, by name.
        case pack(String)
        /// Search segments, which are derived.
        case index
    }

    /// What it is about.
    public let place: Place
    /// What is wrong, with file and place.
    public let description: String

    /// Describes a problem.
    public init(_ place: Place, _ description: String) {
        self.place = place
        self.description = description
    }
}

/// What a check of a library found.
public struct LibraryCheck: Sendable, Equatable {
    /// Whether the catalogue could be read to its end, so that what it has could be counted.
    public internal(set) var isCounted = false
    /// How many clips the catalogue has.
    public internal(set) var clipCount = 0
    /// How many assets the catalogue has.
    public internal(set) var assetCount = 0
    /// Bytes of records whose checksums were compared.
    public internal(set) var readByteCount = 0
    /// What is wrong; empty if nothing is.
    public var problems: [LibraryProblem] = []
    /// What is not wrong and yet worth knowing: unused tensors, lost pages, leftovers.
    public var notes: [String] = []

    /// Whether nothing is wrong.
    public var isSound: Bool { problems.isEmpty }
}
