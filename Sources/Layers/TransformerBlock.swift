public import Tensors

/// A pre-norm transformer block: self-attention, then a two-layer MLP, each added to its input.
///
/// `x += projection(attention(norm1(x)))`, then `x += contract(activation(expand(norm2(x))))`.
/// Shapes: `x [B, T, D]` to the same, float32. Source: Vaswani et al. 2017; Dosovitskiy et al. 2021, equations
/// (2) and (3).
public struct TransformerBlock: Sendable {
    private let norm1: LayerNorm
    /// `[3D, D]`: queries, keys, values.
    private let qkv: Linear
    private let projection: Linear
    private let norm2: LayerNorm
    private let expand: Linear
    private let contract: Linear
    private let heads: Int
    private let activation: TransformerActivation

    /// Collects the layers.
    ///
    /// - Parameters:
    ///   - norm1: Before the attention.
    ///   - qkv: `[3D, D]`: queries, keys, values.
    ///   - projection: After the attention.
    ///   - norm2: Before the MLP.
    ///   - expand: The first layer of the MLP.
    ///   - contract: The second layer of the MLP.
    ///   - heads: The number of heads; divides D.
    ///   - activation: Between the layers of the MLP.
    public init(
        norm1: LayerNorm,
        qkv: Linear,
        projection: Linear,
        norm2: LayerNorm,
        expand: Linear,
        contract: Linear,
        heads: Int,
        activation: TransformerActivation
    ) {
        precondition(qkv.outFeatures % (3 * heads) == 0, "\(heads) heads for \(qkv.outFeatures)")
        self.norm1 = norm1
        self.qkv = qkv
        self.projection = projection
        self.norm2 = norm2
        self.expand = expand
        self.contract = contract
        self.heads = heads
        self.activation = activation
    }

    /// What readers of queries, keys and attention need of a forward pass.
    public struct Trace: Sendable {
        /// `[B, T, 3D]`: queries, keys, values.
        public let qkv: Tensor<Float>
        /// `[B, heads, T, T]`.
        public let probabilities: Tensor<Float>
    }

    /// Runs the block.
    ///
    /// - Parameters:
    ///   - x: `[B, T, D]`.
    ///   - causal: Whether token t sees tokens 0...t only.
    /// - Returns: `[B, T, D]`.
    public func callAsFunction(_ x: Tensor<Float>, causal: Bool = false) -> Tensor<Float> {
        let packed = qkv(norm1(x))  // [B, T, 3D]
        let mixed = PackedAttention.attend(packed, heads: heads, causal: causal)
        let middle = projection(mixed, addingTo: x)
        let hidden = expand(norm2(middle), then: activation)  // [B, T, 4D]
        return contract(hidden, addingTo: middle)
    }

    /// Runs the block and keeps what happened inside.
    public func traced(
        _ x: Tensor<Float>,
        causal: Bool = false
    ) -> (output: Tensor<Float>, trace: Trace) {
        let packed = qkv(norm1(x))
        let attention = PackedAttention.traced(packed, heads: heads, causal: causal)
        let middle = projection(attention.mixed, addingTo: x)
        let hidden = expand(norm2(middle), then: activation)
        let trace = Trace(qkv: packed, probabilities: attention.probabilities)
        return (contract(hidden, addingTo: middle), trace)
    }
}
