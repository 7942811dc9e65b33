internal import Media
public import Store

/// Looks for clips like another one, or like words.
public struct FindRequest: Sendable {
    /// A clip, a part of one, a saved composition, or a file.
    public var reference: String?
    /// Words that the frames are compared with.
    public var text: String?
    /// How much the words count beside the reference, 0...1.
    public var textWeight = 0.5
    /// What is compared with the reference.
    public var aspect = SearchAspect.motion
    /// Parts of the picture whose motion counts, as `MaskSource` reads them; all if empty.
    public var masks: [String] = []
    /// Whether the best part of each clip is looked for, not the whole.
    public var anywhere = false
    /// Whether every clip is compared by all its numbers.
    public var isExact = false
    /// How many clips are wanted at most.
    public var count = 10
    /// Which clips may be found.
    public var filter = ClipFilter()
    /// The pack whose clips are searched, where no clip says it.
    public var pack: String?

    /// Looks for nothing yet.
    public init() {}
}

/// A clip that was found.
public struct FoundClip: Sendable {
    /// The clip.
    public let clip: Clip
    /// How like it is: a mean of cosines, -1...1; with words and a reference the weighted mean of both,
    /// each in standard deviations above the library's mean.
    public let score: Double
    /// The part that is meant, seconds from the start of the clip; nil for the whole.
    public let part: ClosedRange<Double>?
}

/// What a search found.
public struct FindResult: Sendable {
    /// The clips, the most alike first.
    public let clips: [FoundClip]
    /// What was looked for, in words.
    public let subject: String
    /// The name of the pack whose clips were searched.
    public let pack: String
    /// How many clips could be found.
    public let candidates: Int
    /// How many rows of the index were compared by all their numbers.
    public let compared: Int
    /// Whether scores are deviations above the library's mean, as of words and a reference together, not cosines.
    public let hasDeviations: Bool
    /// What the user should know, a sentence each.
    public let notes: [String]
    /// Pictures of a reference that is a file.
    let pictures: [RGBImage]
}
