internal import Kernels
internal import Layers
public import Tensors

/// The conditional vectors of the three groups of W+ layers.
public struct Conditions: Sendable {
    /// `[T, E]`, from dynamics and style.
    public let coarse: Tensor<Float>
    /// `[T, E]`, from dynamics and style.
    public let medium: Tensor<Float>
    /// `[1, E]`, from style only: fine layers never see the dynamics.
    public let fine: Tensor<Float>
}

/// The attention part of `f_G`: dynamics tokens and a style token to conditional vectors.
///
/// Shapes: dynamics `[T, E, h, w]`, style `[width]`, to three vectors per time. float32.
/// Source: paper section 3.3; spec section 6.
public struct ModulationNetwork: Sendable {
    private let config: ModulationConfig
    /// `[positions, width]`.
    private let dynamicsPositions: Tensor<Float>
    /// `[width]`.
    private let stylePosition: Tensor<Float>
    private let selfBlocks: [SelfAttentionBlock]
    /// Two stacks: coarse and medium.
    private let crossStacks: [[CrossAttentionBlock]]
    private let heads: [(norm: LayerNorm, linear: Linear)]

    /// Reads `modulation_network.*` of a VidStyleODE checkpoint, seen from its root.
    ///
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: ModulationConfig, _ root: Weights) throws {
        try config.validate()
        self.config = config
        let weights = root.scoped(ModulationNames.network)
        let width = config.width
        dynamicsPositions = try weights.float("dyn_pos_emb", [1, config.positions, width])
            .reshaped([config.positions, width])
        stylePosition = try weights.float("content_pos_emd", [1, 1, width]).reshaped([width])
        selfBlocks = try (0..<config.selfAttentionLayers).map {
            try SelfAttentionBlock(weights.scoped("slf_blocks.\($0)."), config)
        }
        crossStacks = try (0..<2).map { stack in
            try (0..<config.crossAttentionLayers).map {
                try CrossAttentionBlock(weights.scoped("blocks.\($0).\(stack)."), config)
            }
        }
        heads = try (0..<3).map { index in
            (
                try LayerNorm(weights, "ln_f.\(index)", width: width),
                try Linear(
                    weights,
                    "head.\(index)",
                    [config.conditionWidth, width],
                    hasBias: false
                )
            )
        }
    }

    /// What the goldens record on the way.
    package typealias Observer = (String, Tensor<Float>) -> Void

    /// Computes the conditional vectors of T times under one style.
    ///
    /// - Parameters:
    ///   - dynamics: `[T, width, h, w]`, the projected states.
    ///   - style: `[width]`, `z_S`.
    /// - Returns: Coarse and medium per time, fine once.
    public func callAsFunction(dynamics: Tensor<Float>, style: Tensor<Float>) -> Conditions {
        conditions(dynamics, style) { _, _ in }
    }

    package func conditions(
        _ dynamics: Tensor<Float>,
        _ style: Tensor<Float>,
        observe: Observer
    ) -> Conditions {
        precondition(style.count == config.width, "style is [\(config.width)], got \(style.shape)")
        let tokens = tokenise(dynamics)
        observe("dyn_tokens", tokens)
        let context = attendedTokens(tokens, observe)
        let times = dynamics.shape[0]
        let query = style.reshaped([config.width]) + stylePosition
        let repeated = Tensor.stack(
            [Tensor](repeating: query.reshaped([1, config.width]), count: times)
        )  // [T, 1, width]
        let attended = (0..<2).map { stack in
            // Without cross-attention the style sees the mean of the tokens: an ablation of the paper.
            var x = crossStacks[stack].isEmpty ? repeated + meanTokens(context) : repeated
            for (layer, block) in crossStacks[stack].enumerated() {
                x = block(x, context: context)
                observe("cross_\(layer)_\(stack)", x)
            }
            return x.reshaped([times, config.width])
        }
        func head(_ index: Int, _ x: Tensor<Float>) -> Tensor<Float> {
            heads[index].linear(heads[index].norm(x))
        }
        return Conditions(
            coarse: head(0, attended[0]),
            medium: head(1, attended[1]),
            fine: head(2, query.reshaped([1, config.width]))
        )
    }

    /// Cells as tokens, row-major: `[T, width, h, w]` to `[T, h*w, width]`.
    private func tokenise(_ x: Tensor<Float>) -> Tensor<Float> {
        let (times, width, cells) = (x.shape[0], x.shape[1], x.shape[2] * x.shape[3])
        precondition(width == config.width, "dynamics are [T, \(config.width), h, w]")
        precondition(cells <= config.positions, "\(cells) cells, \(config.positions) positions")
        return Tensor(uninitialized: [times, cells, width]) { out in
            for time in 0..<times {
                for cell in 0..<cells {
                    for channel in 0..<width {
                        out[(time * cells + cell) * width + channel] =
                            x.scalars[(time * width + channel) * cells + cell]
                    }
                }
            }
        }
    }

    /// Adds the position of its cell to every token.
    private func positioned(_ tokens: Tensor<Float>) -> Tensor<Float> {
        let size = tokens.shape[1] * tokens.shape[2]
        return Tensor(uninitialized: tokens.shape) { out in
            tokens.scalars.withUnsafeBufferPointer { tokens in
                dynamicsPositions.scalars.withUnsafeBufferPointer { positions in
                    for start in stride(from: 0, to: tokens.count, by: max(size, 1)) {
                        for index in 0..<size {
                            let sum = tokens[start + index] + positions[index]
                            out.initializeElement(at: start + index, to: sum)
                        }
                    }
                }
            }
        }
    }

    /// The mean token of every time: `[T, P, width]` to `[T, 1, width]`.
    private func meanTokens(_ tokens: Tensor<Float>) -> Tensor<Float> {
        .stack(
            (0..<tokens.shape[0]).map {
                tokens[$0].meanOverFirstAxis.reshaped([1, config.width])
            }
        )
    }

    private func attendedTokens(_ tokens: Tensor<Float>, _ observe: Observer) -> Tensor<Float> {
        var x = positioned(tokens)
        observe("self_attn_in", x)
        for block in selfBlocks { x = block(x) }
        observe("self_attn_out", x)
        return x
    }
}
