/// Which content codes to draw from a pack's mapping network.
public struct SampleRequest: Sendable {
    /// The largest number of codes in one request.
    public static let countLimit = 1000
    /// The largest seed: every JSON reader keeps whole numbers up to here.
    public static let seedLimit: UInt64 = (1 << 53) - 1

    /// What the first code is drawn from; the next one has the next seed.
    public var seed: UInt64
    /// How many codes.
    public var count = 1
    /// How far codes stay from the average: 1 leaves them, 0 gives the average itself.
    public var psi = 0.7
    /// Only the first so many layers are pulled towards the average; nil for all.
    public var cutoff: Int?
    /// The pack's name; nil for the library's default.
    public var pack: String?
    /// What to call the asset, with several the seed behind it; `sample-SEED` if nil.
    public var name: String?
    /// A sentence about every one.
    public var caption: String?
    /// Words to filter by.
    public var tags: [String] = []
    /// Where the picture of a single one goes, .png or .jpg; nil for none.
    public var picture: String?
    /// Where a sheet of all goes, .png or .jpg; nil for none.
    public var sheet: String?

    /// Draws one code with the usual truncation.
    public init(seed: UInt64) { self.seed = seed }
}

/// What became of one drawn code.
public struct SampledContent: Codable, Sendable, Hashable {
    /// The asset's full id.
    public let id: String
    /// Its name in the library.
    public let name: String
    /// What it was drawn from.
    public let seed: UInt64
    /// Whether it was added; false if the library had it already.
    public let isNew: Bool
}

/// What came of a request.
public struct SampleReport: Codable, Sendable, Hashable {
    /// Codes that were added.
    public var added = 0
    /// Codes that the library had already.
    public var skipped = 0
    /// How far codes stayed from the average.
    public var psi: Double
    /// How many layers were pulled towards the average; nil for all.
    public var cutoff: Int?
    /// Whether the average is the one that the weights state, or a mean over samples.
    public var average: String
}
