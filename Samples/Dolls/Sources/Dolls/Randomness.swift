/// SplitMix64: a small generator whose streams are named by numbers.
///
/// Source: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
struct Randomness: RandomNumberGenerator {
    private var state: UInt64

    /// Starts the stream of a list of numbers: other numbers, another stream.
    init(_ names: UInt64...) {
        state = names.reduce(0x9E37_79B9_7F4A_7C15) { Self.mixed($0 ^ Self.mixed($1 &+ 1)) }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number of a range, all equally likely.
    mutating func uniform(_ low: Double, _ high: Double) -> Double {
        low + (high - low) * Double(next() >> 11) / 9_007_199_254_740_992
    }

    /// Whether an event of this probability happens.
    mutating func happens(_ probability: Double) -> Bool { uniform(0, 1) < probability }

    /// One of some values, all equally likely.
    mutating func one<Value>(of values: [Value]) -> Value {
        values[Int(next() % UInt64(values.count))]
    }

    /// One of some values, each as likely as its weight says.
    mutating func one<Value>(of values: [(Value, Double)]) -> Value {
        var rest = uniform(0, values.reduce(0) { $0 + $1.1 })
        for (value, weight) in values.dropLast() {
            rest -= weight
            if rest < 0 { return value }
        }
        return values[values.count - 1].0
    }
}
