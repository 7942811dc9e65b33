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

    /// The gradient of `qkv` from that of the mixed values.
    ///
    /// - Parameters:
    ///   - gradient: `[B, T, D]`.
    ///   - probabilities: `[B, heads, T, T]` of the forward pass.
    ///   - qkv: `[B, T, 3D]` of the forward pass.
    /// - Returns: `[B, T, 3D]`.
    public static func inputGradient(
        _ gradient: Tensor<Float>,
        probabilities: Tensor<Float>,
        qkv: Tensor<Float>
    ) -> Tensor<Float> {
        let layout = Layout(qkv, heads: probabilities.shape[1])
        let tokens = layout.tokens
        let scores = scoreGradient(gradient, probabilities, qkv, layout)
        return Tensor(uninitialized: qkv.shape) { out in
            guard let out = out.baseAddress else { return }
            /// Writes one third: `left` times the columns at `b`, `left` transposed for keys and values.
            func product(
                _ third: Third,
                _ head: Head,
                _ left: UnsafePointer<Float>,
                _ b: UnsafePointer<Float>,
                ldb: Int
            ) {
                MatrixProduct.float(
                    m: tokens,
                    n: layout.headWidth,
                    k: tokens,
                    alpha: third == .value ? 1 : layout.scale,
                    a: left,
                    lda: tokens,
                    transposesA: third != .query,
                    b: b,
                    ldb: ldb,
                    c: out + head.sample * tokens * layout.stride + layout.column(third, head),
                    ldc: layout.stride
                )
            }
            layout.eachHead(qkv, scores) { qkv, scores, head in
                let keys = qkv + layout.column(.key, head)
                let queries = qkv + layout.column(.query, head)
                product(.query, head, scores, keys, ldb: layout.stride)
                product(.key, head, scores, queries, ldb: layout.stride)
            }
            gradient.scalars.withUnsafeBufferPointer { gradient in
                guard let gradient = gradient.baseAddress else { return }
                layout.eachHead(qkv, probabilities) { _, probabilities, head in
                    let mixed = gradient + layout.mixed(head)
                    product(.value, head, probabilities, mixed, ldb: layout.width)
                }
            }
        }
    }

    /// The gradient before the softmax, without the scale: `P * (dP - sum(P * dP))`, `dP = dO V^T`.
    private static func scoreGradient(
        _ gradient: Tensor<Float>,
        _ probabilities: Tensor<Float>,
        _ qkv: Tensor<Float>,
        _ layout: Layout
    ) -> Tensor<Float> {
        let tokens = layout.tokens
        return Tensor(uninitialized: probabilities.shape) { out in
            gradient.scalars.withUnsafeBufferPointer { gradient in
                guard let gradient = gradient.baseAddress else { return }
                layout.eachHead(qkv, out) { qkv, out, head in
                    MatrixProduct.float(
                        m: tokens,
                        n: tokens,
                        k: layout.headWidth,
                        a: gradient + layout.mixed(head),
                        lda: layout.width,
                        b: qkv + layout.column(.value, head),
                        ldb: layout.stride,
                        transposesB: true,
                        c: out,
                        ldc: tokens
                    )
                }
            }
            probabilities.scalars.withUnsafeBufferPointer { probabilities in
                for start in stride(from: 0, to: out.count, by: tokens) {
                    var sum: Float = 0
                    for index in start..<start + tokens { sum += probabilities[index] * out[index] }
                    for index in start..<start + tokens {
                        out[index] = probabilities[index] * (out[index] - sum)
                    }
                }
            }
        }
    }
}

/// A third of a packed projection.
private enum Third: Int {
    case query
    case key
    case value
}

private struct Head {
    let sample: Int
    let index: Int
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
    var scale: Float { 1 / Float(headWidth).squareRoot() }

    func column(_ third: Third, _ head: Head) -> Int {
        third.rawValue * width + head.index * headWidth
    }

    /// Where a head starts in `[B, T, D]`.
    func mixed(_ head: Head) -> Int { head.sample * tokens * width + head.index * headWidth }

    /// Calls `body` with the sample's rows of `qkv` and the head's matrix in `maps [B, heads, T, T]`.
    func eachHead(
        _ qkv: Tensor<Float>,
        _ maps: UnsafeMutableBufferPointer<Float>,
        _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Head) -> Void
    ) {
        guard let maps = maps.baseAddress else { return }
        qkv.scalars.withUnsafeBufferPointer { rows in
            guard let rows = rows.baseAddress else { return }
            for sample in 0..<batch {
                for index in 0..<heads {
                    body(
                        rows + sample * tokens * stride,
                        maps + (sample * heads + index) * tokens * tokens,
                        Head(sample: sample, index: index)
                    )
                }
            }
        }
    }

    func eachHead(
        _ qkv: Tensor<Float>,
        _ maps: Tensor<Float>,
        _ body: (UnsafePointer<Float>, UnsafePointer<Float>, Head) -> Void
    ) {
        maps.scalars.withUnsafeBufferPointer { maps in
            guard let first = maps.baseAddress else { return }
            qkv.scalars.withUnsafeBufferPointer { rows in
                guard let rows = rows.baseAddress else { return }
                for sample in 0..<batch {
                    for index in 0..<heads {
                        body(
                            rows + sample * tokens * stride,
                            first + (sample * heads + index) * tokens * tokens,
                            Head(sample: sample, index: index)
                        )
                    }
                }
            }
        }
    }
}
