import CLibav

/// Frames per second as an exact fraction.
public struct FrameRate: Codable, Sendable, Hashable, CustomStringConvertible {
    /// Frames in `denominator` seconds.
    public let numerator: Int
    /// Seconds in which `numerator` frames pass.
    public let denominator: Int

    /// Makes a rate; both numbers are in `1...1_000_000`, as containers cannot hold more.
    public init?(_ numerator: Int, over denominator: Int = 1) {
        let allowed = 1...1_000_000
        guard allowed.contains(numerator), allowed.contains(denominator) else { return nil }
        self.numerator = numerator
        self.denominator = denominator
    }

    /// Reads the two numbers and checks them.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let numerator = try values.decode(Int.self, forKey: .numerator)
        let denominator = try values.decode(Int.self, forKey: .denominator)
        guard let rate = FrameRate(numerator, over: denominator) else {
            throw DecodingError.dataCorruptedError(
                forKey: .numerator,
                in: values,
                debugDescription: "\(numerator)/\(denominator) is no frame rate"
            )
        }
        self = rate
    }

    /// The nearest simple fraction: 29.97 is 30000/1001, 12.5 is 25/2.
    public init?(perSecond: Double) {
        guard perSecond.isFinite, perSecond > 0, perSecond < 100_000 else { return nil }
        let whole = perSecond.rounded()
        // Of no use to libav, which stays unopened where no film is made.
        if whole == perSecond {
            self.init(Int(whole))
            return
        }
        let ntsc = (perSecond * 1.001).rounded()
        if abs(perSecond - whole) > 1e-6,
            ntsc >= 1, abs(ntsc / 1.001 - perSecond) < 0.005
        {
            self.init(Int(ntsc) * 1_000, over: 1_001)
            return
        }
        let fraction = av_d2q(perSecond, 100_000)
        self.init(Int(fraction.num), over: Int(fraction.den))
    }

    /// Frames per second.
    public var perSecond: Double { Double(numerator) / Double(denominator) }

    /// As `25` or `30000/1001`.
    public var description: String {
        denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)"
    }

    var rational: AVRational { AVRational(num: Int32(numerator), den: Int32(denominator)) }
    var timeBase: AVRational { AVRational(num: Int32(denominator), den: Int32(numerator)) }
}
