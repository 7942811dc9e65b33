public import Tensors

/// Where a render goes.
public struct RenderOptions: Sendable {
    /// The film: mp4, webm, gif, mkv, `dir/%05d.png`, or `-` for raw RGB on standard output; nil for none.
    public var output: String?
    /// A contact sheet, PNG; nil for none.
    public var sheet: String?
    /// Stops the generator at the first resolution with at least this many rows; nil for the full size.
    public var rows: Int?
    /// Which frames of the recipe are rendered, counted from 0, without a sheet; nil for all.
    public var frames: Range<Int>?
    /// What the generator multiplies in; nil for the best that the processor has and the pack allows.
    public var precision: Precision?
    /// Whether the report says where the time went.
    public var isProfiled = false

    /// Goes nowhere yet.
    public init() {}
}

/// How far a render is.
public struct RenderProgress: Sendable, Hashable {
    /// Frames written so far.
    public let framesDone: Int
    /// All frames.
    public let frameCount: Int
}

/// What a render made and what it cost.
public struct RenderReport: Codable, Sendable, Hashable {
    /// Frames in the film.
    public var frameCount: Int
    /// Columns of a frame.
    public var width: Int
    /// Rows of a frame.
    public var height: Int
    /// Frames per second.
    public var frameRate: Double
    /// The length of the film.
    public var seconds: Double
    /// Evaluations of the ODE's field.
    public var evaluationCount: Int
    /// Milliseconds to solve the ODE for all frames.
    public var solveMilliseconds: Double
    /// Milliseconds from the start of the render to its end.
    public var renderMilliseconds: Double
    /// Milliseconds from the start of the render to its first finished frame.
    public var firstFrameMilliseconds: Double
    /// What the generator multiplied in.
    public var precision: Precision
    /// Why.
    public var precisionReason: String
    /// Where the time went, stage by stage and layer by layer; nil if not asked for.
    public var profile: [ProfileRow]?
    /// The film.
    public var output: String?
    /// The contact sheet.
    public var sheet: String?
    /// What the user should know.
    public var notes: [String]
}
