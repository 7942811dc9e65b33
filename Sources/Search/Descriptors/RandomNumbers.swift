/// Repeatable numbers of a stream: SplitMix64.
///
/// Descriptors depend on them: never change what a stream gives. Source: Steele, Lea and Flood 2014, "Fast splittable
/// pseudorandom number generators".
struct RandomNumbers {
    private var state: UInt64

    init(_ stream: UInt64) { state = stream }

    /// An even number in 0..<1.
    mutating func even() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ (z >> 31)) >> 11) / 9_007_199_254_740_992
    }

    /// A number of mean 0 and deviation 1, by the sum of twelve even ones.
    mutating func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + even() } }
}
