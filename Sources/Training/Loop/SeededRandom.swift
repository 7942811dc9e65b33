internal import Models

/// Random numbers that depend on a seed only, on every machine alike.
///
/// Each step of a training draws from a generator of its own, made of the run's seed and the step's number, so that
/// a resumed run draws what an uninterrupted one would have. The bits are those of `SeededNoise`.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var source: SeededNoise

    /// Starts from a seed.
    public init(seed: UInt64) { source = SeededNoise(seed: seed) }

    /// The generator of one step of a run, or of one name in it.
    public init(seed: UInt64, step: Int) {
        var mixed = SeededNoise(seed: seed ^ 0x5851_F42D_4C95_7F2D)
        let own = UInt64(bitPattern: Int64(step)) &* 0xD134_2543_DE82_EF95
        source = SeededNoise(seed: mixed.next() &+ own)
        _ = next()
    }

    /// 64 bits.
    public mutating func next() -> UInt64 { source.next() }

    /// A number in 0..<1.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A standard normal number.
    public mutating func normal() -> Double { source.normal() }

    /// A whole number in 0..<bound.
    public mutating func index(below bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    /// Some of 0..<count, without repetition, rising.
    public mutating func choose(_ size: Int, of count: Int) -> [Int] {
        Array(Array(0..<count).shuffled(using: &self).prefix(size)).sorted()
    }
}
