internal import Foundation

/// Random numbers that depend on a seed only, on every machine alike.
///
/// Each step of a training draws from a generator of its own, made of the run's seed and the step's number, so that
/// a resumed run draws what an uninterrupted one would have. Source: SplitMix64 (Steele, Lea and Flood 2014).
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts from a seed.
    public init(seed: UInt64) { state = seed }

    /// The generator of one step of a run, or of one name in it.
    public init(seed: UInt64, step: Int) {
        var mixed = SeededRandom(seed: seed ^ 0x5851_F42D_4C95_7F2D)
        state = mixed.next() &+ UInt64(bitPattern: Int64(step)) &* 0xD134_2543_DE82_EF95
        _ = next()
    }

    /// 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in 0..<1.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A standard normal number: the Box-Muller transform.
    public mutating func normal() -> Double {
        (-2 * log(uniform() + 0x1p-54)).squareRoot() * cos(2 * .pi * uniform())
    }

    /// A whole number in 0..<bound.
    public mutating func index(below bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    /// Some of 0..<count, without repetition, rising.
    public mutating func choose(_ size: Int, of count: Int) -> [Int] {
        Array(Array(0..<count).shuffled(using: &self).prefix(size)).sorted()
    }
}
