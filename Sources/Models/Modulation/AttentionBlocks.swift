internal import Kernels
internal import Layers
internal import Tensors

/// Multi-head attention with separate query, key and value layers and an output layer.
struct ProjectedAttention: Sendable {
    let query: Linear
    let key: Linear
    let value: Linear
    let output: Linear
    let heads: Int

    init(_ weights: Weights, _ config: ModulationConfig) throws {
        let shape = [config.width, config.width]
        query = try Linear(weights, "attn.query", shape)
        key = try Linear(weights, "attn.key", shape)
        value = try Linear(weights, "attn.value", shape)
        output = try Linear(weights, "attn.proj", shape)
        heads = config.heads
    }

    /// Attends `normed` to `context`, both normalised, and adds the result to `x`.
    func callAsFunction(
        _ normed: Tensor<Float>,
        over context: Tensor<Float>,
        addingTo x: Tensor<Float>
    ) -> Tensor<Float> {
        let (keys, values) = (key(context), value(context))
        return output(Attention.attend(query(normed), keys, values, heads: heads), addingTo: x)
    }
}

/// Two linear layers with GELU (erf) between them.
struct FeedForward: Sendable {
    let first: Linear
    let second: Linear

    init(_ weights: Weights, _ config: ModulationConfig, factor: Int) throws {
        first = try Linear(weights, "mlp.0", [factor * config.width, config.width])
        second = try Linear(weights, "mlp.2", [config.width, factor * config.width])
    }

    /// Runs `normed` through the layers and adds the result to `x`.
    func callAsFunction(_ normed: Tensor<Float>, addingTo x: Tensor<Float>) -> Tensor<Float> {
        second(first(normed, then: .gelu), addingTo: x)
    }
}

/// A pre-norm self-attention block; the feed-forward part is four times as wide.
struct SelfAttentionBlock: Sendable {
    let attentionNorm: LayerNorm
    let attention: ProjectedAttention
    let feedForwardNorm: LayerNorm
    let feedForward: FeedForward

    init(_ weights: Weights, _ config: ModulationConfig) throws {
        attentionNorm = try LayerNorm(weights, "ln1", width: config.width)
        attention = try ProjectedAttention(weights, config)
        feedForwardNorm = try LayerNorm(weights, "ln2", width: config.width)
        feedForward = try FeedForward(weights, config, factor: 4)
    }

    func callAsFunction(_ x: Tensor<Float>) -> Tensor<Float> {
        let normed = attentionNorm(x)
        let attended = attention(normed, over: normed, addingTo: x)
        return feedForward(feedForwardNorm(attended), addingTo: attended)
    }
}

/// A pre-norm cross-attention block; the feed-forward part is twice as wide.
struct CrossAttentionBlock: Sendable {
    let queryNorm: LayerNorm
    let contextNorm: LayerNorm
    let attention: ProjectedAttention
    let feedForwardNorm: LayerNorm
    let feedForward: FeedForward

    init(_ weights: Weights, _ config: ModulationConfig) throws {
        queryNorm = try LayerNorm(weights, "x_ln1", width: config.width)
        contextNorm = try LayerNorm(weights, "y_ln1", width: config.width)
        attention = try ProjectedAttention(weights, config)
        feedForwardNorm = try LayerNorm(weights, "ln2", width: config.width)
        feedForward = try FeedForward(weights, config, factor: 2)
    }

    func callAsFunction(_ x: Tensor<Float>, context: Tensor<Float>) -> Tensor<Float> {
        let attended = attention(queryNorm(x), over: contextNorm(context), addingTo: x)
        return feedForward(feedForwardNorm(attended), addingTo: attended)
    }
}
