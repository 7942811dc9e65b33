internal import Foundation
public import Packs

/// What to ingest and how.
public struct IngestRequest: Sendable, Codable {
    /// How a long video becomes clips.
    public enum Segment: Sendable, Hashable, Codable {
        /// Pieces of the length that the pack was trained on.
        case packLength
        /// Pieces of this many seconds.
        case seconds(Double)
        /// One clip, however long.
        case none

        /// Reads `"pack"`, `"none"` or a number of seconds.
        public init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let seconds = try? value.decode(Double.self) {
                self = .seconds(seconds)
                return
            }
            switch try value.decode(String.self) {
            case "pack": self = .packLength
            case "none": self = .none
            case let text:
                throw DecodingError.dataCorruptedError(
                    in: value,
                    debugDescription: "\"\(text)\" is no length of clips"
                )
            }
        }

        /// Writes `"pack"`, `"none"` or a number of seconds.
        public func encode(to encoder: any Encoder) throws {
            var value = encoder.singleValueContainer()
            switch self {
            case .packLength: try value.encode("pack")
            case .seconds(let seconds): try value.encode(seconds)
            case .none: try value.encode("none")
            }
        }
    }

    /// Files and folders; folders are searched for media.
    public var inputs: [String]
    /// The pack's name; nil for the library's default.
    public var pack: String?
    /// How frames are brought to the generator's shape; nil for the pack's way.
    public var alignment: PackManifest.Alignment?
    /// How long videos are cut.
    public var segment = Segment.packLength
    /// The first second of the source that counts.
    public var start: Double?
    /// The second of the source where it ends.
    public var end: Double?
    /// The clip's name, only with a single input; the file's name without its ending if nil.
    public var name: String?
    /// A sentence about every clip.
    public var caption: String?
    /// Captions by file name; they win over `caption`.
    public var captions: [String: String] = [:]
    /// Boxes by file name; they win over the pack's crop box.
    public var boxes: [String: [TimedBox]] = [:]
    /// Words to filter by.
    public var tags: [String] = []
    /// Which seconds of a file count, by its path: clips that begin in none of the ranges are somebody else's.
    ///
    /// The file is cut into clips as a whole all the same, so that every clip is what it would be without this.
    public var shares: [String: [Range<Double>]] = [:]
    /// Full ids of clips that are passed over, as if the library had them.
    public var known: Set<String> = []

    /// Ingests inputs with the default pack.
    public init(inputs: [String]) { self.inputs = inputs }

    /// The boxes of a file; nil if it has none.
    func boxes(ofFile path: String) -> [TimedBox]? { boxes.entry(ofFile: path) }
}

extension Dictionary where Key == String {
    /// The entry of a file's name, with its ending or without.
    package func entry(ofFile path: String) -> Value? {
        let name = (path as NSString).lastPathComponent
        return self[name] ?? self[(name as NSString).deletingPathExtension]
    }

    /// The names that no file has, sorted.
    package func names(besides files: [String]) -> [String] {
        let names = files.map { ($0 as NSString).lastPathComponent }
        let known = Set(names + names.map { ($0 as NSString).deletingPathExtension })
        return keys.filter { !known.contains($0) }.sorted()
    }
}

/// What became of one clip.
public struct IngestedClip: Codable, Sendable, Hashable {
    /// The clip's full id.
    public let id: String
    /// Its name in the library.
    public let name: String
    /// The file.
    public let path: String
    /// Whether it was added; false if the library had it already.
    public let isNew: Bool
    /// Whether it has a motion; images and single frames have none.
    public let hasMotion: Bool
    /// Its first second in the source.
    public let start: Double
    /// Its end in the source.
    public let end: Double
    /// How far the generator's pictures of its frames are from them, as `PackManifest.Reconstruction` has it.
    ///
    /// Nil if it is no number, or the library had the clip from an older vsdb.
    public let reconstruction: Double?
    /// What the user should know, such as a clip that looks unaligned.
    public let warnings: [String]
}

/// What became of one file that could not be ingested.
public struct IngestFailure: Codable, Sendable, Hashable {
    /// The file.
    public let path: String
    /// What is wrong and what to do.
    public let reason: String
}

/// Something that happens while ingesting.
public enum IngestEvent: Sendable {
    /// A clip is in the library, whole and durable.
    case clip(IngestedClip)
    /// A file, or a part of it, could not be ingested; the others go on.
    case failure(IngestFailure)
    /// How far the work is.
    case progress(IngestProgress)
    /// What the user should know of the request, such as boxes that fit no file.
    case warning(String)
}

/// How far an ingest is.
public struct IngestProgress: Codable, Sendable, Hashable {
    /// Files that are done.
    public let filesDone: Int
    /// All files.
    public let files: Int
    /// Clips that are in the library so far, new or known.
    public let clips: Int
    /// Seconds of video that were encoded so far.
    public let videoSeconds: Double
    /// The part of the work that is done, 0...1, every file counting alike.
    public let fraction: Double
}

/// What became of all files.
public struct IngestReport: Codable, Sendable, Hashable {
    /// Clips that were added.
    public var added = 0
    /// Clips that the library had already.
    public var skipped = 0
    /// Seconds of video that were encoded.
    public var videoSeconds = 0.0
    /// Files that could not be ingested.
    public var failures: [IngestFailure] = []

    /// Starts at nothing.
    public init() {}
}
