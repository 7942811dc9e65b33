public import Foundation
public import Tensors

/// A tensor to store with a new clip.
public struct NewAsset: Sendable {
    /// What it is.
    public var kind: AssetKind
    /// The numbers; at most four axes.
    public var tensor: RawTensor
    /// How it was made, as a JSON object.
    public var provenanceJSON: String

    /// Stores a tensor.
    public init(kind: AssetKind, tensor: RawTensor, provenanceJSON: String = "{}") {
        self.kind = kind
        self.tensor = tensor
        self.provenanceJSON = provenanceJSON
    }

    /// Stores bytes, such as an encoded picture, as uint8 `[count]`.
    public init(kind: AssetKind, bytes: Data, provenanceJSON: String = "{}") {
        self.init(
            kind: kind,
            tensor: RawTensor(dtype: .uint8, shape: [bytes.count], bytes: bytes),
            provenanceJSON: provenanceJSON
        )
    }
}

/// A clip to add, with all its tensors.
public struct NewClip: Sendable {
    /// The file it was cut from.
    public var source: Source
    /// The first second of the range in the source; 0 for a still.
    public var start: Double
    /// The second of the source where the range ends; 0 for a still.
    public var end: Double
    /// The wanted base name; it is sanitised, and numbered if it is taken.
    public var name: String
    /// Whether it is one of several pieces of its source, whose range is part of its name.
    public var isSegment = false
    /// A sentence about it.
    public var caption: String?
    /// Words to filter by.
    public var tags: [String] = []
    /// The weights that encoded it; the pack must be registered.
    public var packFingerprint: String
    /// Everything else that changes the codes, as one canonical text.
    public var settings: String
    /// Its tensors, at most one of each kind.
    public var assets: [NewAsset]
    /// The run that adds it.
    public var ingestRun: IngestRunID?

    /// Describes a clip to add.
    public init(
        source: Source,
        start: Double,
        end: Double,
        name: String,
        packFingerprint: String,
        settings: String,
        assets: [NewAsset]
    ) {
        self.source = source
        self.start = start
        self.end = end
        self.name = name
        self.packFingerprint = packFingerprint
        self.settings = settings
        self.assets = assets
    }

    /// What the clip will be known by.
    public var id: ClipID {
        ClipID(
            sourceSHA256: source.sha256,
            start: start,
            end: end,
            packFingerprint: packFingerprint,
            settings: settings
        )
    }
}

/// What became of one new clip.
public struct CommittedClip: Sendable, Equatable {
    /// What it is known by.
    public let id: ClipID
    /// Its name in the library.
    public let name: String
    /// False if the library had it already and nothing was written.
    public let isNew: Bool
}
