public import Store

/// Lays the clips of a library out on a plane.
public struct MapRequest: Sendable {
    /// What clips are coloured by.
    public enum Label: String, CaseIterable, Sendable, Codable {
        /// Of the tags of a clip, the one that most clips have.
        case tag
        /// Of the collections of a clip, the largest one.
        case collection
        /// The name without a range: the segments of one film.
        case base
    }

    /// What makes clips lie together.
    public var aspect = SearchAspect.motion
    /// What they are coloured by.
    public var label = Label.tag
    /// Another one gives a slightly other map; the same one the same.
    public var seed: UInt64 = 1
    /// Which clips are mapped.
    public var filter = ClipFilter()
    /// The pack whose clips are mapped; if nil the library's default.
    public var pack: String?

    /// Maps all clips of the default pack by motion.
    public init() {}
}

/// A clip on the map.
public struct MappedClip: Sendable {
    /// The clip.
    public let clip: Clip
    /// From left to right, 0...1.
    public let x: Double
    /// From top to bottom, 0...1.
    public let y: Double
    /// What it is coloured by; nil for nothing.
    public let label: String?
    /// The clips that are most like it, and their scores; not those that lie nearest.
    public let neighbours: [(place: Int, score: Double)]
}

/// The clips of a library on a plane, so that what is alike lies together.
public struct LibraryMap: Sendable {
    /// The clips.
    public let clips: [MappedClip]
    /// What makes them lie together.
    public let aspect: SearchAspect
    /// The name of the pack that made them.
    public let pack: String
    /// What they are coloured by.
    public let label: MapRequest.Label
    /// What the map was drawn from.
    public let seed: UInt64
    /// Whether what lies together is alike, 0...1; nil for fewer clips than a measure needs.
    public let trustworthiness: Double?
    /// What the user should know, a sentence each.
    public let notes: [String]
}
