internal import Kernels
public import Tensors

/// Scaled dot-product attention with several heads, without projections.
///
/// Source: Vaswani et al. 2017, equation (1); scale `1/sqrt(head width)`.
public enum Attention {
    /// Attends every query to the keys of its own sample.
    ///
    /// Shapes: `queries [B, Q, D]`, `keys [B, K, D]`, `values [B, K, D]` to `[B, Q, D]`; head h owns columns
    /// `h*D/heads ..< (h+1)*D/heads`.
    ///
    /// - Parameters:
    ///   - queries: What asks.
    ///   - keys: What is compared with.
    ///   - values: What is mixed.
    ///   - heads: The number of heads; divides D.
    ///   - causal: Whether query q sees keys 0...q only.
    /// - Returns: The mixed values, heads side by side.
    public static func attend(
        _ queries: Tensor<Float>,
        _ keys: Tensor<Float>,
        _ values: Tensor<Float>,
        heads: Int,
        causal: Bool = false
    ) -> Tensor<Float> {
        precondition(
            queries.rank == 3 && keys.rank == 3 && keys.shape == values.shape
                && keys.shape[0] == queries.shape[0] && keys.shape[2] == queries.shape[2]
                && heads > 0 && queries.shape[2] % heads == 0,
            "\(heads) heads: queries \(queries.shape), keys \(keys.shape), values \(values.shape)"
        )
        let width = queries.shape[2]
        let kernel = AttentionKernel(
            samples: queries.shape[0],
            heads: heads,
            queries: queries.shape[1],
            keys: keys.shape[1],
            headWidth: width / heads,
            causal: causal
        )
        return queries.scalars.withUnsafeBufferPointer { queries in
            keys.scalars.withUnsafeBufferPointer { keys in
                values.scalars.withUnsafeBufferPointer { values in
                    guard let q = queries.baseAddress, let k = keys.baseAddress,
                        let v = values.baseAddress
                    else {
                        return Tensor(repeating: 0, shape: [kernel.samples, kernel.queries, width])
                    }
                    return kernel(queries: (q, width), keys: (k, width), values: (v, width)).mixed
                }
            }
        }
    }
}
