public import Tensors

/// The number of an asset in one library.
public struct AssetID: Sendable, Hashable, CustomStringConvertible {
    /// The row number in the catalogue.
    public let number: Int64

    /// Names an asset by its row number.
    public init(_ number: Int64) { self.number = number }

    /// The number in decimal digits.
    public var description: String { String(number) }
}

/// A stored tensor of a clip, without its numbers.
public struct Asset: Sendable, Equatable {
    /// Its number in this library.
    public let id: AssetID
    /// The clip it belongs to.
    public let clipID: ClipID
    /// What it is.
    public let kind: AssetKind
    /// The weights that made it; nil for pictures that no network made.
    public let packFingerprint: String?
    /// The element type.
    public let dtype: DType
    /// The extents, outermost first.
    public let shape: [Int]
    /// The size of the numbers in bytes.
    public let byteCount: Int
    /// The xxh3-64 of the numbers, 16 hexadecimal digits.
    public let checksum: String
    /// How it was made, as a JSON object.
    public let provenanceJSON: String

    /// The key of its record.
    var key: TensorKey { TensorKey(clip: clipID, kind: kind) }
}
