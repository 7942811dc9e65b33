public import Foundation

/// Whether a source moves.
public enum MediaKind: String, Sendable, Codable {
    /// Frames over time.
    case video
    /// One picture.
    case still
}

/// A file that clips are cut from.
public struct Source: Sendable, Equatable, Codable {
    /// The hash of the file, 64 hexadecimal digits.
    public var sha256: String
    /// Where the file lay when it was ingested.
    public var path: String
    /// The size of the file in bytes.
    public var byteCount: Int
    /// Whether it moves.
    public var mediaKind: MediaKind
    /// Container facts (size, frame rate, codec) as a JSON object.
    public var containerJSON: String

    /// Describes a source file.
    public init(
        sha256: String,
        path: String,
        byteCount: Int,
        mediaKind: MediaKind,
        containerJSON: String = "{}"
    ) {
        self.sha256 = sha256
        self.path = path
        self.byteCount = byteCount
        self.mediaKind = mediaKind
        self.containerJSON = containerJSON
    }
}

/// A range of a source that the library holds.
public struct Clip: Sendable, Equatable {
    /// What it is, independent of its name.
    public let id: ClipID
    /// The unique name in this library; that of a segment ends in its range, as in `walk@2s-4s`.
    public let name: String
    /// The name without a range; segments of one source share it.
    public let baseName: String
    /// Whether it is one of several pieces of its source.
    public let isSegment: Bool
    /// The file it was cut from.
    public let source: Source
    /// The first second of the range in the source.
    public let start: Double
    /// The second of the source where the range ends.
    public let end: Double
    /// A sentence about it, if given.
    public let caption: String?
    /// Words to filter by, sorted.
    public let tags: [String]
    /// The weights that encoded it.
    public let packFingerprint: String
    /// The encoder settings as one canonical text.
    public let settings: String
    /// When it was added.
    public let added: Date

    /// The length in seconds; 0 for a still.
    public var duration: Double { end - start }
}

/// Which clips to list; a clip must meet every condition that is set.
public struct ClipFilter: Sendable, Equatable {
    /// Tags that it must all have.
    public var tags: [String] = []
    /// A part of its name; ASCII letters match in either case.
    public var nameContains: String?
    /// A condition in the filter language.
    public var expression: FilterExpression?
    /// The collection that it is in; clips come in its order.
    public var collection: String?
    /// The pack that encoded it.
    public var packFingerprint: String?
    /// The file it was cut from.
    public var sourceSHA256: String?
    /// The greatest number of clips to return.
    public var limit: Int?

    /// Every clip.
    public init() {}
}
