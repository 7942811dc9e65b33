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
        let (batch, queryCount, width) = (queries.shape[0], queries.shape[1], queries.shape[2])
        let keyCount = keys.shape[1]
        let head = width / heads
        var scores = Tensor<Float>(uninitialized: [batch, heads, queryCount, keyCount]) { out in
            guard let out = out.baseAddress else { return }
            eachHead(queries, keys, heads) { sample, index, query, key in
                MatrixProduct.float(
                    m: queryCount,
                    n: keyCount,
                    k: head,
                    a: query,
                    lda: width,
                    b: key,
                    ldb: width,
                    transposesB: true,
                    c: out + (sample * heads + index) * queryCount * keyCount,
                    ldc: keyCount
                )
            }
        }
        Passes.softmax(&scores, scale: 1 / Float(head).squareRoot(), causal: causal)
        return Tensor(uninitialized: queries.shape) { out in
            guard let out = out.baseAddress else { return }
            scores.scalars.withUnsafeBufferPointer { scores in
                guard let scores = scores.baseAddress else { return }
                eachHead(queries, values, heads) { sample, index, _, value in
                    MatrixProduct.float(
                        m: queryCount,
                        n: head,
                        k: keyCount,
                        a: scores + (sample * heads + index) * queryCount * keyCount,
                        lda: keyCount,
                        b: value,
                        ldb: width,
                        c: out + sample * queryCount * width + index * head,
                        ldc: width
                    )
                }
            }
        }
    }

    /// Calls `body` with the first element of every head of every sample.
    private static func eachHead(
        _ queries: Tensor<Float>,
        _ keys: Tensor<Float>,
        _ heads: Int,
        _ body: (Int, Int, UnsafePointer<Float>, UnsafePointer<Float>) -> Void
    ) {
        let width = queries.shape[2]
        queries.scalars.withUnsafeBufferPointer { queryRows in
            keys.scalars.withUnsafeBufferPointer { keyRows in
                guard let query = queryRows.baseAddress, let key = keyRows.baseAddress else {
                    return
                }
                for sample in 0..<queries.shape[0] {
                    for index in 0..<heads {
                        let column = index * width / heads
                        body(
                            sample,
                            index,
                            query + sample * queries.shape[1] * width + column,
                            key + sample * keys.shape[1] * width + column
                        )
                    }
                }
            }
        }
    }
}
