internal import Foundation
internal import Kernels
public import Tensors

/// The cosines between all keys of each image: `S_ij = k_i k_j / max(|k_i| |k_j|, 1e-8)`.
///
/// Source: Tumanyan et al. 2022, "Splicing ViT Features", equation (5); the class token is included.
public struct SelfSimilarity: Sendable {
    /// `[N, T, D]`.
    public let keys: Tensor<Float>
    /// `[N, T, T]`.
    public let values: Tensor<Float>
    /// `[N, T]`: the lengths of the keys.
    private let lengths: [Float]

    /// The least product of two lengths that is divided by.
    private static let least: Float = 1e-8

    /// Compares keys `[N, T, D]`, all heads side by side.
    public init(_ keys: Tensor<Float>) {
        let (samples, count, width) = (keys.shape[0], keys.shape[1], keys.shape[2])
        let lengths = (0..<samples * count).map { row in
            keys.scalars[row * width..<(row + 1) * width].reduce(Float(0)) { $0 + $1 * $1 }
                .squareRoot()
        }
        self.keys = keys
        self.lengths = lengths
        values = Tensor(uninitialized: [samples, count, count]) { out in
            guard let out = out.baseAddress else { return }
            keys.scalars.withUnsafeBufferPointer { rows in
                guard let rows = rows.baseAddress else { return }
                for sample in 0..<samples {
                    let matrix = out + sample * count * count
                    let first = rows + sample * count * width
                    MatrixProduct.float(
                        m: count,
                        n: count,
                        k: width,
                        a: first,
                        lda: width,
                        b: first,
                        ldb: width,
                        transposesB: true,
                        c: matrix,
                        ldc: count
                    )
                    for row in 0..<count {
                        let length = lengths[sample * count + row]
                        for column in 0..<count {
                            let product = length * lengths[sample * count + column]
                            matrix[row * count + column] /= max(product, Self.least)
                        }
                    }
                }
            }
        }
    }

    /// The gradient of the keys from that of the values.
    ///
    /// - Parameter gradient: `[N, T, T]`.
    /// - Returns: `[N, T, D]`.
    public func keyGradient(_ gradient: Tensor<Float>) -> Tensor<Float> {
        let (samples, count, width) = (keys.shape[0], keys.shape[1], keys.shape[2])
        precondition(gradient.shape == values.shape, "\(gradient.shape) for \(values.shape)")
        // `pair` becomes the gradient of the products k_i k_j, both orders joined; the way through the lengths,
        // `-(G_ij + G_ji) S_ij / |k_i|` along k_i, is gathered on its diagonal.
        var pair = Tensor(repeating: Float(0), shape: [count, count])
        var result: [Tensor<Float>] = []
        for sample in 0..<samples {
            let base = sample * count * count
            for row in 0..<count {
                let length = lengths[sample * count + row]
                var along: Float = 0
                for column in 0..<count {
                    let both =
                        gradient.scalars[base + row * count + column]
                        + gradient.scalars[base + column * count + row]
                    let product = length * lengths[sample * count + column]
                    pair.scalars[row * count + column] = both / max(product, Self.least)
                    if product > Self.least {
                        along += both * values.scalars[base + row * count + column]
                    }
                }
                if length > 0 {
                    pair.scalars[row * count + row] -= along / (length * length)
                }
            }
            result.append(Self.product(pair, keys[sample], count: count, width: width))
        }
        return Tensor.stack(result)
    }

    private static func product(
        _ matrix: Tensor<Float>,
        _ keys: Tensor<Float>,
        count: Int,
        width: Int
    ) -> Tensor<Float> {
        Tensor(uninitialized: [count, width]) { out in
            guard let out = out.baseAddress else { return }
            MatrixProduct.float(
                m: count,
                n: width,
                k: count,
                a: matrix.scalars,
                lda: count,
                b: keys.scalars,
                ldb: width,
                c: out,
                ldc: width
            )
        }
    }
}
