public import Tensors

/// What an evaluation is about and how its frames are chosen.
public struct EvaluationRequest: Sendable {
    /// Folder with `samples.json`; nil to evaluate clips of the library.
    public var samples: String?
    /// Folder of judges; that of the samples if nil.
    public var judges: String?
    /// Clips of the library; all that move if empty.
    public var clips: [String] = []
    /// The pack's name; the library's default if nil.
    public var pack: String?
    /// Descriptions for the class score; the captions of the clips if empty.
    public var classes: [String] = []
    /// Frames of a film of the library that are looked at.
    public var frameCount = 12
    /// Frames per second of a film of the library that are looked at.
    public var frameRate = 10.0
    /// Every how many frames of a sample are compared.
    public var stride = 2
    /// The strength of text edits.
    public var alpha = StyleEdit.defaultAlpha
    /// What the generator multiplies in; nil for the best that the processor has and the pack allows.
    public var precision: Precision?
    /// A sheet of contents, motions, results and truths; nil for none.
    public var sheet: String?

    /// Evaluates all clips of the default pack.
    public init() {}
}

/// How far an evaluation is.
public struct EvaluationProgress: Sendable, Hashable {
    /// Clips, pairs and edits so far.
    public let done: Int
    /// All of them.
    public let total: Int
    /// What is measured now.
    public let stage: String
}

/// Numbers with all that is needed to read them: weights, frames, counts, and what could not be measured.
public struct EvaluationReport: Codable, Sendable, Hashable {
    /// A kind of number.
    public struct Column: Codable, Sendable, Hashable {
        /// The key of its values.
        public let key: String
        /// What tables call it.
        public let title: String
        /// Digits after the point that mean something.
        public let digits: Int
    }

    /// One thing that was measured.
    public struct Row: Codable, Sendable, Hashable {
        /// What it is.
        public let name: String
        /// The numbers that it has, by the columns' keys.
        public let values: [String: Double]
        /// On how many values each is the mean, or how many vectors it is fitted to.
        public let counts: [String: Int]
    }

    /// A table.
    public struct Section: Codable, Sendable, Hashable {
        /// Its key.
        public let key: String
        /// Its heading.
        public let title: String
        /// Columns in order.
        public let columns: [Column]
        /// Rows in order.
        public let rows: [Row]
    }

    /// The library or the samples.
    public var subject: String
    /// The pack's name.
    public var pack: String
    /// The pack's fingerprint.
    public var fingerprint: String
    /// SHA-256 of the pack's weights, by network.
    public var weights: [String: String]
    /// SHA-256 of the judges' weights.
    public var judges: [String: String]
    /// What the generator multiplied in.
    public var precision: Precision
    /// Which frames, which resize, which split: a sentence each.
    public var frameProtocol: [String]
    /// How many clips, pairs and edits.
    public var counts: [String: Int]
    /// The tables.
    public var sections: [Section]
    /// What could not be measured, and why.
    public var missing: [String]
    /// How long it took.
    public var seconds: Double
    /// The sheet.
    public var sheet: String?
}
