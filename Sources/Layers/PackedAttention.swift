internal import Kernels
public import Tensors

/// Self-attention over queries, keys and values that one projection made side by side.
///
/// Shapes: `qkv [B, T, 3D]`, queries first; head h owns columns `h*D/heads ..< (h+1)*D/heads` of each third.
/// Source: Vaswani et al. 2017, equation (1); scale `1/sqrt(D/heads)`.
public enum PackedAttention {
    /// The values mixed by how much every token attends to every token of its sample.
    ///
    /// - Parameters:
    ///   - qkv: `[B, T, 3D]`.
    ///   - heads: The number of heads; divides D.
    ///   - causal: Whether token t sees tokens 0...t only.
    /// - Returns: `[B, T, D]`, heads side by side.
    public static func attend(
        _ qkv: Tensor<Float>,
        heads: Int,
        causal: Bool = false
    ) -> Tensor<Float> {
        attend(qkv, heads: heads, causal: causal, keepsProbabilities: false).mixed
    }

    /// The same with the probabilities, `[B, heads, T, T]`, whose rows sum to 1.
    public static func traced(
        _ qkv: Tensor<Float>,
        heads: Int,
        causal: Bool = false
    ) -> (mixed: Tensor<Float>, probabilities: Tensor<Float>) {
        let result = attend(qkv, heads: heads, causal: causal, keepsProbabilities: true)
        guard let probabilities = result.probabilities else {
            preconditionFailure("attention kept no probabilities")
        }
        return (result.mixed, probabilities)
    }

    private static func attend(
        _ qkv: Tensor<Float>,
        heads: Int,
        causal: Bool,
        keepsProbabilities: Bool
    ) -> (mixed: Tensor<Float>, probabilities: Tensor<Float>?) {
        let layout = Layout(qkv, heads: heads)
        let kernel = AttentionKernel(
            samples: layout.batch,
            heads: heads,
            queries: layout.tokens,
            keys: layout.tokens,
            headWidth: layout.headWidth,
            causal: causal
        )
        return qkv.scalars.withUnsafeBufferPointer { rows in
            guard let rows = rows.baseAddress else {
                let none = [layout.batch, heads, layout.tokens, layout.tokens]
                return (
                    Tensor(repeating: 0, shape: [layout.batch, layout.tokens, layout.width]),
                    Tensor(repeating: 0, shape: none)
                )
            }
            return kernel(
                queries: (rows, layout.stride),
                keys: (rows + layout.width, layout.stride),
                values: (rows + 2 * layout.width, layout.stride),
                keepsProbabilities: keepsProbabilities
            )
        }
    }
}

/// Where the heads lie in a packed projection.
private struct Layout {
    let batch: Int
    let tokens: Int
    let width: Int
    let heads: Int

    init(_ qkv: Tensor<Float>, heads: Int) {
        precondition(
            qkv.rank == 3 && heads > 0 && qkv.shape[2] % (3 * heads) == 0,
            "\(heads) heads in a packed projection \(qkv.shape)"
        )
        batch = qkv.shape[0]
        tokens = qkv.shape[1]
        width = qkv.shape[2] / 3
        self.heads = heads
    }

    var stride: Int { 3 * width }
    var headWidth: Int { width / heads }
}
