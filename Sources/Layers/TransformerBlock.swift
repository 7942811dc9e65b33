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

    /// What the backward pass, and readers of queries, keys and attention, need of a forward pass.
    public struct Trace: Sendable {
        /// `[B, T, D]`, what went in.
        public let input: Tensor<Float>
        /// `[B, T, 3D]`: queries, keys, values.
        public let qkv: Tensor<Float>
        /// `[B, heads, T, T]`.
        public let probabilities: Tensor<Float>
        /// `[B, T, D]`, after the attention was added.
        let middle: Tensor<Float>
        /// `[B, T, 4D]`, before the activation.
        let hidden: Tensor<Float>
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

    /// Runs the block and keeps what `inputGradient` needs.
    public func traced(
        _ x: Tensor<Float>,
        causal: Bool = false
    ) -> (output: Tensor<Float>, trace: Trace) {
        let packed = qkv(norm1(x))
        let attention = PackedAttention.traced(packed, heads: heads, causal: causal)
        let middle = projection(attention.mixed, addingTo: x)
        let hidden = expand(norm2(middle))
        var activated = hidden
        activation.apply(to: &activated)
        let trace = Trace(
            input: x,
            qkv: packed,
            probabilities: attention.probabilities,
            middle: middle,
            hidden: hidden
        )
        return (contract(activated, addingTo: middle), trace)
    }

    /// The gradient of the input from those of the output and of the packed projection.
    ///
    /// - Parameters:
    ///   - output: `[B, T, D]`, or nil if nothing depends on the output.
    ///   - direct: `[B, T, 3D]`, or nil if nothing reads queries, keys or values beside the attention.
    ///   - trace: The forward pass.
    /// - Returns: `[B, T, D]`; zero if both gradients are nil.
    public func inputGradient(
        output: Tensor<Float>?,
        qkv direct: Tensor<Float>? = nil,
        _ trace: Trace
    ) -> Tensor<Float> {
        guard let output else {
            guard let direct else { return Tensor(repeating: 0, shape: trace.input.shape) }
            return norm1.inputGradient(qkv.inputGradient(direct), at: trace.input)
        }
        let hidden = activation.inputGradient(contract.inputGradient(output), at: trace.hidden)
        let middle =
            output + norm2.inputGradient(expand.inputGradient(hidden), at: trace.middle)
        var packed = PackedAttention.inputGradient(
            projection.inputGradient(middle),
            probabilities: trace.probabilities,
            qkv: trace.qkv
        )
        if let direct { packed = packed + direct }
        return middle + norm1.inputGradient(qkv.inputGradient(packed), at: trace.input)
    }
}
