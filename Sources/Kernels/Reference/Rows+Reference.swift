internal import Foundation
package import Tensors

extension Reference {
    /// What `Passes.layerNorm` computes.
    package static func layerNorm(
        _ x: Tensor<Float>,
        width: Int,
        weight: Tensor<Float>? = nil,
        bias: Tensor<Float>? = nil,
        eps: Float
    ) -> Tensor<Float> {
        var result = x
        for start in stride(from: 0, to: x.count, by: width) {
            let row = x.scalars[start..<start + width].map(Double.init)
            let mean = row.reduce(0, +) / Double(width)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            for (column, value) in row.enumerated() {
                let normalised = (value - mean) / (variance + Double(eps)).squareRoot()
                result.scalars[start + column] = Float(
                    normalised * Double(weight?.scalars[column] ?? 1)
                        + Double(bias?.scalars[column] ?? 0)
                )
            }
        }
        return result
    }

    /// What `Passes.softmax` computes.
    package static func softmax(_ x: inout Tensor<Float>, scale: Float, causal: Bool = false) {
        let (queries, width) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
        for row in 0..<x.shape.dropLast().reduce(1, *) {
            let seen = causal ? min(row % queries + 1, width) : width
            let range = row * width..<row * width + seen
            let top = x.scalars[range].max() ?? 0
            let powers = x.scalars[range].map { exp((Double($0) - Double(top)) * Double(scale)) }
            let sum = powers.reduce(0, +)
            for column in 0..<width {
                x.scalars[row * width + column] = column < seen ? Float(powers[column] / sum) : 0
            }
        }
    }
}
