import Tensors

/// Repeatable numbers (SplitMix64), so that a failing shape can be run again.
struct Randomness: RandomNumberGenerator {
    private var state: UInt64

    init(seed: Int) { state = UInt64(seed) }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
    mutating func bool() -> Bool { Bool.random(using: &self) }

    /// Numbers in -1...1.
    mutating func tensor(_ shape: [Int]) -> Tensor<Float> { doubles(shape).narrowed }

    /// A tensor, or nil half of the time.
    mutating func tensorOrNil(_ shape: [Int]) -> Tensor<Float>? { bool() ? tensor(shape) : nil }

    /// Numbers in -1...1.
    mutating func doubles(_ shape: [Int]) -> Tensor<Double> {
        Tensor(
            shape: shape,
            scalars: (0..<shape.reduce(1, *)).map { _ in Double.random(in: -1...1, using: &self) }
        )
    }

    /// `[N, C, H, W]`: batches of 1 to 5, channels around multiples of 16, images from one pixel on.
    mutating func images(channels: ClosedRange<Int> = 1...20) -> [Int] {
        [int(1...5), int(channels), int(1...13), int(1...13)]
    }
}

/// The relative rounding error of one float32 operation.
let unit = 0x1p-24

/// The relative rounding error of one float64 operation.
let doubleUnit = 0x1p-53

/// What a float32 sum of products of numbers in -1...1 may be off by.
///
/// Each rounding is that of a partial sum of about `sqrt(count) / 3`, and `count` of them add up like a walk:
/// about `count / 3` units, six-fold margin, and a few units for short sums.
func sumBound(_ count: Int) -> Double { Double(2 * count + 8) * unit }
