internal import CKernels
public import Tensors

/// Scaled dot-product attention on raw rows, for layers that lay out their own operands.
public struct AttentionKernel: Sendable {
    /// The number of samples.
    public var samples: Int
    /// The number of heads; head h owns columns `h*D ..< (h+1)*D` of every row.
    public var heads: Int
    /// The rows of a sample that ask.
    public var queries: Int
    /// The rows of a sample that are compared with.
    public var keys: Int
    /// D, the width of a head.
    public var headWidth: Int
    /// Whether query q sees keys 0...q only.
    public var causal: Bool

    /// Collects the sizes.
    public init(samples: Int, heads: Int, queries: Int, keys: Int, headWidth: Int, causal: Bool) {
        self.samples = samples
        self.heads = heads
        self.queries = queries
        self.keys = keys
        self.headWidth = headWidth
        self.causal = causal
    }

    /// Rows and the elements from one to the next; a sample's rows follow each other.
    public typealias Rows = (start: UnsafePointer<Float>, stride: Int)

    /// Computes `softmax(Q K^T / sqrt(D)) V`.
    ///
    /// Source: Vaswani et al. 2017, equation (1). Sums run in one fixed order: results do not depend on the number
    /// of threads or samples, bit by bit.
    ///
    /// - Parameters:
    ///   - query: The queries' rows.
    ///   - key: The keys' rows.
    ///   - value: The values' rows, as far apart as those of the keys.
    ///   - keepsProbabilities: Whether to return what the softmax gave.
    /// - Returns: The mixed values, heads side by side `[samples, queries, heads * D]`, and the probabilities
    ///   `[samples, heads, queries, keys]` if asked for.
    public func callAsFunction(
        queries query: Rows,
        keys key: Rows,
        values value: Rows,
        keepsProbabilities: Bool = false
    ) -> (mixed: Tensor<Float>, probabilities: Tensor<Float>?) {
        precondition(
            key.stride == value.stride,
            "keys \(key.stride) and values \(value.stride) apart"
        )
        var mixed: Tensor<Float>?
        func run(_ probabilities: UnsafeMutablePointer<Float>?) {
            mixed = Tensor(uninitialized: [samples, queries, heads * headWidth]) { out in
                guard let out = out.baseAddress else { return }
                var attention = ck_attention(
                    samples: samples,
                    heads: heads,
                    queries: queries,
                    keys: keys,
                    width: headWidth,
                    q: query.start,
                    k: key.start,
                    v: value.start,
                    q_step: query.stride,
                    kv_step: key.stride,
                    scale: 1 / Float(headWidth).squareRoot(),
                    causal: causal,
                    probabilities: probabilities,
                    y: out
                )
                ck_attend(&attention)
            }
        }
        var probabilities: Tensor<Float>?
        if keepsProbabilities {
            probabilities = Tensor(uninitialized: [samples, heads, queries, keys]) {
                run($0.baseAddress)
            }
        } else {
            run(nil)
        }
        guard let mixed else { preconditionFailure("attention did not run") }
        return (mixed, probabilities)
    }
}
