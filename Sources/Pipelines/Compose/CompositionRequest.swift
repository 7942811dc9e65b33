/// A text-driven change of the look.
///
/// Source: paper equations (5) and (12): `z_S + alpha * (CLIP_T(to) - CLIP_T(from))`.
public struct StyleEdit: Codable, Sendable, Hashable {
    /// The strength if none is named; the paper's tables use 1.
    public static let defaultAlpha = 1.0

    /// A description of the look as it is.
    public var from: String
    /// A description of the look as it shall be.
    public var to: String
    /// The strength; 0 changes nothing.
    public var alpha: Double

    /// Describes a change.
    public init(from: String, to: String, alpha: Double = StyleEdit.defaultAlpha) {
        self.from = from
        self.to = to
        self.alpha = alpha
    }
}

/// What a new video is made of, in the user's words.
public struct CompositionRequest: Sendable {
    /// A second motion, mixed into the whole body.
    public struct Mix: Sendable, Hashable {
        /// The clip that moves.
        public var reference: String
        /// Its share lambda: 0 leaves it out, 1 replaces the motion so far.
        public var weight: Double

        /// Mixes in a clip.
        public init(reference: String, weight: Double) {
            self.reference = reference
            self.weight = weight
        }
    }

    /// A second motion, put into a part of the picture.
    public struct Blend: Sendable, Hashable {
        /// The clip that moves.
        public var reference: String
        /// Where it moves: regions, cells or mask files, united.
        public var masks: [String]

        /// Puts a clip into parts.
        public init(reference: String, masks: [String]) {
            self.reference = reference
            self.masks = masks
        }
    }

    /// Which moments are shown.
    public struct Timing: Sendable, Hashable {
        /// The first second of the motion; 0 if nil.
        public var start: Double?
        /// The second where it ends.
        public var end: Double?
        /// How many seconds are shown; the motion's length if neither this nor `end` is given.
        public var duration: Double?
        /// Frames per second; the pack's if nil.
        public var frameRate: Double?
        /// The number of frames; from the duration and the rate if nil.
        public var frameCount: Int?

        /// The whole motion at the pack's rate.
        public init() {}
    }

    /// Who is seen: a clip, or an image or video file that is ingested first.
    public var content: String
    /// Who moves; the content's own motion if nil.
    public var motion: String?
    /// Applied to the motion in order.
    public var mixes: [Mix] = []
    /// Applied after the mixes, in order.
    public var blends: [Blend] = []
    /// Changes of the look; their directions add up.
    public var edits: [StyleEdit] = []
    /// Which moments are shown.
    public var timing = Timing()
    /// Draws fresh generator noise with this seed; the pack's stored noise if nil.
    public var seed: UInt64?

    /// Shows a clip as it is.
    public init(content: String) { self.content = content }
}
