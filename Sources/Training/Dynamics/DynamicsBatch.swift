public import Tensors

/// Some clips of a training of the dynamics, and what is known of them.
///
/// Rows of frames are time by time: row `t * B + b` is frame t of clip b.
public struct DynamicsBatch: Sendable {
    /// What the encoder sees: `[T * B, M, N, 3]` in 0...1.
    public var observed: Tensor<Float>
    /// When: `[B][T]`, in units of t, the first of each clip at 0.
    public var observedTimes: [[Float]]
    /// When frames are drawn: `[B][k]`.
    public var queryTimes: [[Double]]
    /// The real frames of those times: `[k * B, H, W, 3]` in 0...1.
    public var real: Tensor<Float>
    /// `z_C [B, L, D]`.
    public var contents: Tensor<Float>
    /// `CLIP_I(G(z_C)) [B, E]`.
    public var styles: Tensor<Float>
    /// DINO's class tokens of `G(z_C)`: `[B, D]`; nil if nothing asks for them.
    public var classTokens: Tensor<Float>?
    /// CLIP's features of the real frames that CLIP looks at: `[B * n, E]`, clip by clip; found from `real` if nil.
    public var realFeatures: Tensor<Float>?
    /// CLIP's features of the descriptions `[B, E]`, of what is and of what shall be; nil without captions.
    public var texts: (source: Tensor<Float>, target: Tensor<Float>)?
    /// The codes of the real frames `[k * B, L, D]`, for a reconstruction in W+; nil if nothing asks for them.
    public var codes: Tensor<Float>?
    /// Which of the k frames CLIP looks at: n of 0..<k.
    public var clipFrames: [Int]

    /// Collects the tensors.
    public init(
        observed: Tensor<Float>,
        observedTimes: [[Float]],
        queryTimes: [[Double]],
        real: Tensor<Float>,
        contents: Tensor<Float>,
        styles: Tensor<Float>,
        classTokens: Tensor<Float>? = nil,
        realFeatures: Tensor<Float>? = nil,
        texts: (source: Tensor<Float>, target: Tensor<Float>)? = nil,
        codes: Tensor<Float>? = nil,
        clipFrames: [Int]
    ) {
        self.observed = observed
        self.observedTimes = observedTimes
        self.queryTimes = queryTimes
        self.real = real
        self.contents = contents
        self.styles = styles
        self.classTokens = classTokens
        self.realFeatures = realFeatures
        self.texts = texts
        self.codes = codes
        self.clipFrames = clipFrames
    }
}
