package import Tensors

/// Resizes a position embedding to another grid of patches as DINO does.
///
/// DINO passes `(rows + 0.1) / side` as the scale factor to a bicubic interpolation (a = -0.75, borders repeated),
/// and PyTorch uses that factor in the coordinate map instead of the ratio of sizes; all in float32.
/// Shapes: `[side * side, D]` to `[rows * columns, D]`.
/// Source: facebookresearch/dino `vision_transformer.py`, `interpolate_pos_encoding`.
package func interpolatedPositions(
    _ positions: Tensor<Float>,
    side: Int,
    rows: Int,
    columns: Int
) -> Tensor<Float> {
    let width = positions.shape[1]
    let rowTaps = positionTaps(from: side, to: rows)
    let columnTaps = positionTaps(from: side, to: columns)
    var result = [Float](repeating: 0, count: rows * columns * width)
    positions.scalars.withUnsafeBufferPointer { table in
        for (cell, taps) in rowTaps.flatMap({ row in columnTaps.map { (row, $0) } }).enumerated() {
            for row in taps.0 {
                for column in taps.1 {
                    let weight = row.weight * column.weight
                    let source = (row.index * side + column.index) * width
                    for channel in 0..<width {
                        result[cell * width + channel] += weight * table[source + channel]
                    }
                }
            }
        }
    }
    return Tensor(shape: [rows * columns, width], scalars: result)
}

/// The four inputs of each output.
private func positionTaps(from input: Int, to output: Int) -> [[(index: Int, weight: Float)]] {
    let kernel = ResamplingKernel.bicubic(a: -0.75)
    let scale = Float(1 / ((Double(output) + 0.1) / Double(input)))
    return (0..<output).map { position in
        let centre = scale * (Float(position) + 0.5) - 0.5
        let first = Int(centre.rounded(.down)) - 1
        return (first..<first + 4).map { index in
            (
                index: min(max(index, 0), input - 1),
                weight: Float(kernel.weight(Double(centre) - Double(index)))
            )
        }
    }
}
