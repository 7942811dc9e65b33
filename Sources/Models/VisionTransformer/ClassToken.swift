internal import Tensors

/// Puts the class token before the patches of every sample and adds the positions.
///
/// Shapes: `classToken [W]`, `patches [N, P, W]`, `positions [1 + P, W]` to `[N, 1 + P, W]`.
func prependingClassToken(
    _ classToken: Tensor<Float>,
    to patches: Tensor<Float>,
    positions: Tensor<Float>
) -> Tensor<Float> {
    let (samples, width) = (patches.shape[0], patches.shape[2])
    let size = positions.count
    precondition(size == (1 + patches.shape[1]) * width, "\(positions.shape) for \(patches.shape)")
    return Tensor(uninitialized: [samples, 1 + patches.shape[1], width]) { out in
        patches.scalars.withUnsafeBufferPointer { patches in
            positions.scalars.withUnsafeBufferPointer { positions in
                for sample in 0..<samples {
                    for index in 0..<width {
                        out.initializeElement(
                            at: sample * size + index,
                            to: classToken.scalars[index] + positions[index]
                        )
                    }
                    let source = sample * (size - width) - width
                    for index in width..<size {
                        out.initializeElement(
                            at: sample * size + index,
                            to: patches[source + index] + positions[index]
                        )
                    }
                }
            }
        }
    }
}

extension Tensor where Scalar == Float {
    /// The first row of every sample: `[N, T, W]` to `[N, W]`.
    var classTokens: Tensor<Float> { selecting(rows: [Int](repeating: 0, count: shape[0])) }

    /// One row of every sample: `[N, T, W]` with N row numbers to `[N, W]`.
    func selecting(rows: [Int]) -> Tensor<Float> {
        let (tokens, width) = (shape[1], shape[2])
        var result: [Float] = []
        result.reserveCapacity(rows.count * width)
        for (sample, row) in rows.enumerated() {
            let start = (sample * tokens + row) * width
            result += scalars[start..<start + width]
        }
        return Tensor(shape: [rows.count, width], scalars: result)
    }
}
