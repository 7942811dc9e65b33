internal import Media

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

extension SampleRequest {
    /// The seeds in order.
    var seeds: Range<UInt64> { seed..<seed + UInt64(count) }

    /// The request for the catalogue's list of runs.
    var summaryJSON: String { #"{"sample":{"count":\#(count),"seed":\#(seed)}}"# }

    /// Refuses what cannot be drawn or written.
    func validate() throws {
        guard (1...Self.countLimit).contains(count) else {
            throw RequestError("--count \(count): give 1 to \(Self.countLimit)")
        }
        guard seed <= Self.seedLimit - UInt64(count) else {
            throw RequestError(
                "--seed \(seed): give a whole number up to \(Self.seedLimit - UInt64(count))"
            )
        }
        guard psi.isFinite, abs(psi) <= 100 else {
            throw RequestError("--psi \(psi): give a number from -100 to 100; 0.7 is usual")
        }
        guard picture == nil || count == 1 else {
            throw RequestError("-o shows one sample, \(count) are asked for; use --sheet")
        }
        for path in [picture, sheet].compactMap({ $0 }) { try StillImage.check(path: path) }
    }
}
