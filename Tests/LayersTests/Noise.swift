import Tensors

/// Repeatable numbers in -1...1.
func noise(_ shape: [Int], seed: UInt64) -> Tensor<Float> {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    return Tensor(
        shape: shape,
        scalars: (0..<shape.reduce(1, *)).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Float(state >> 40) / Float(1 << 23) - 1
        }
    )
}

/// The relative rounding error of one float32 operation.
let unit = 0x1p-24
