public import Store

/// Looks for clips that are the same.
public struct DuplicateRequest: Sendable {
    /// In what duplicates are alike.
    public enum Basis: String, CaseIterable, Sendable, Codable {
        /// What is done, whoever does it.
        case motion
        /// Who and what is seen, whatever it does.
        case content
        /// Both at once: copies of one film.
        case both

        /// The least scores of two clips that are the same, measured on copies: docs/map-and-duplicates.md.
        ///
        /// A motion alone has to be nearer, as nothing else tells two clips apart.
        public var thresholds: (motion: Double, content: Double) {
            self == .motion ? (0.9, 0.9) : (0.75, 0.9)
        }
    }

    /// In what they have to be alike.
    public var basis = Basis.both
    /// The least score of two that are the same, in each of what is compared; if nil that of the basis.
    public var threshold: Double?
    /// Whether every clip is compared with every other one by all numbers.
    public var isExact = false
    /// Which clips are compared.
    public var filter = ClipFilter()
    /// The pack whose clips are compared; if nil the library's default.
    public var pack: String?

    /// Compares all clips of the default pack.
    public init() {}
}

/// Clips that are the same.
public struct DuplicateClips: Sendable {
    /// The one to keep first, if any is to go; then the others, the earliest first.
    public let clips: [Clip]
    /// The least score of any two by motion; nil if nothing moves, or motions were not compared.
    public let leastMotion: Double?
    /// The least score of any two by content; nil if contents were not compared.
    public let leastContent: Double?
}

/// What a search for duplicates found.
public struct DuplicateReport: Sendable {
    /// The groups, the largest first.
    public let groups: [DuplicateClips]
    /// The name of the pack whose clips were compared.
    public let pack: String
    /// How many clips were compared.
    public let clipCount: Int
    /// How many clips meet the conditions but do not move, so that their motions were not compared.
    public let stillCount: Int
    /// The least score by motion of two that are the same; nil if motions were not compared.
    public let motionThreshold: Double?
    /// The least score by content of two that are the same; nil if contents were not compared.
    public let contentThreshold: Double?
    /// What the user should know, a sentence each.
    public let notes: [String]
}
