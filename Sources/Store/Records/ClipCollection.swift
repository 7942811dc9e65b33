public import Foundation

/// A named, ordered set of clips.
public struct ClipCollection: Sendable, Equatable {
    /// The unique name.
    public let name: String
    /// How many clips are in it.
    public let clipCount: Int
    /// How long its clips are together.
    public let seconds: Double
    /// When it was made.
    public let added: Date
}
