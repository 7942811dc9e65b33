public import Gradients
public import Kernels
public import Models
internal import Tensors

/// The attention part of `f_G` with gradients: dynamics tokens and style codes to conditional vectors.
///
/// Each of N rows of tokens belongs to one of B clips, and each clip has S style codes: the one that it has and those
/// that a text asks for. The tokens are attended once for all of them. Shapes: tokens `[N, P, E]`, styles `[B, S, E]`.
/// Source: paper section 3.3; spec section 6.
public final class TrainableModulation {
    /// The sizes.
    public let config: ModulationConfig
    private let tokenPositions: Variable<Float>
    private let stylePosition: Variable<Float>
    private let selfBlocks: [Block]
    private let crossStacks: [[Block]]
    private let heads: [(norm: Norm, weight: Variable<Float>)]

    /// The conditional vectors of the three groups of W+ layers.
    public struct Conditions {
        /// `[N * S, E]`, the styles of a row beside each other.
        public let coarse: Variable<Float>
        /// `[N * S, E]`.
        public let medium: Variable<Float>
        /// `[B * S, E]`: the fine layers never see the dynamics.
        public let fine: Variable<Float>
    }

    private struct Norm {
        let weight: Variable<Float>
        let bias: Variable<Float>

        init(_ parameters: Parameters, _ name: String, _ width: Int) throws {
            weight = try parameters.float(name + ".weight", [width], .constant(1))
            bias = try parameters.float(name + ".bias", [width], .constant(0))
        }

        /// Weight and bias of rows that are normalised already.
        func callAsFunction(normalised x: Variable<Float>) -> Variable<Float> {
            x.multiplyingRows(weight).addingRows(bias)
        }

        func callAsFunction(_ x: Variable<Float>) -> Variable<Float> {
            self(normalised: x.normalised(eps: 1e-5))
        }
    }

    private struct Linear {
        let weight: Variable<Float>
        let bias: Variable<Float>

        init(_ parameters: Parameters, _ name: String, _ shape: [Int]) throws {
            weight = try parameters.float(name + ".weight", shape, .normal(0.02))
            bias = try parameters.float(name + ".bias", [shape[0]], .constant(0))
        }

        func callAsFunction(_ x: Variable<Float>) -> Variable<Float> {
            x.linear(weight, bias: bias)
        }
    }

    /// A pre-norm block: attention, then two linear layers with GELU (erf) between them.
    private struct Block {
        let norm: Norm
        /// Of the tokens that are looked at; those of the block itself if nil.
        let contextNorm: Norm?
        let query: Linear
        let key: Linear
        let value: Linear
        let output: Linear
        let innerNorm: Norm
        let first: Linear
        let second: Linear
        let heads: Int

        init(
            _ parameters: Parameters,
            _ name: String,
            _ config: ModulationConfig,
            isCross: Bool
        ) throws {
            let width = config.width
            norm = try Norm(parameters, name + (isCross ? "x_ln1" : "ln1"), width)
            contextNorm = isCross ? try Norm(parameters, name + "y_ln1", width) : nil
            func square(_ part: String) throws -> Linear {
                try Linear(parameters, name + "attn." + part, [width, width])
            }
            query = try square("query")
            key = try square("key")
            value = try square("value")
            output = try square("proj")
            innerNorm = try Norm(parameters, name + "ln2", width)
            let inner = width * (isCross ? 2 : 4)
            first = try Linear(parameters, name + "mlp.0", [inner, width])
            second = try Linear(parameters, name + "mlp.2", [width, inner])
            heads = config.heads
        }

        /// Attends `x [N, Q, E]` to itself, or to a context `[N, P, E]` that lacks the weight and bias of its norm.
        func callAsFunction(_ x: Variable<Float>, over normalised: Variable<Float>? = nil)
            -> Variable<Float>
        {
            let normed = norm(x)
            let context = normalised.flatMap { contextNorm?(normalised: $0) } ?? normed
            let attended =
                x
                + output(
                    .attention(
                        queries: query(normed),
                        keys: key(context),
                        values: value(context),
                        heads: heads
                    )
                )
            return attended + second(first(innerNorm(attended)).gelu)
        }
    }

    /// Reads or starts `modulation_network.*`, from the root of a VidStyleODE checkpoint.
    ///
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: ModulationConfig, _ parameters: Parameters) throws {
        try config.validate()
        self.config = config
        let root = ModulationNames.network
        let width = config.width
        tokenPositions = try parameters.float(
            root + "dyn_pos_emb",
            [1, config.positions, width],
            .normal(0.02)
        )
        stylePosition = try parameters.float(
            root + "content_pos_emd",
            [1, 1, width],
            .normal(0.02)
        )
        selfBlocks = try (0..<config.selfAttentionLayers).map {
            try Block(parameters, root + "slf_blocks.\($0).", config, isCross: false)
        }
        crossStacks = try (0..<2).map { stack in
            try (0..<config.crossAttentionLayers).map {
                try Block(parameters, root + "blocks.\($0).\(stack).", config, isCross: true)
            }
        }
        heads = try (0..<3).map { index in
            (
                try Norm(parameters, root + "ln_f.\(index)", width),
                try parameters.float(
                    root + "head.\(index).weight",
                    [config.conditionWidth, width],
                    .normal(0.02)
                )
            )
        }
    }

    /// Computes the conditional vectors.
    ///
    /// - Parameters:
    ///   - tokens: `[N, P, E]`, the projected states; P at most the number of learned positions.
    ///   - styles: `[B, S, E]`, `z_S`.
    ///   - clips: The clip of each row of tokens.
    /// - Returns: Coarse and medium for each row and style, fine for each clip and style.
    public func callAsFunction(
        tokens: Variable<Float>,
        styles: Variable<Float>,
        clips: [Int]
    ) -> Conditions {
        let (rows, cells, width) = (tokens.shape[0], tokens.shape[1], config.width)
        precondition(
            cells <= config.positions && tokens.shape[2] == width && styles.shape[2] == width
                && clips.count == rows,
            "tokens \(tokens.shape), styles \(styles.shape), \(clips.count) rows"
        )
        let perClip = styles.shape[1]
        let positions = tokenPositions.reshaped([config.positions, width]).entries(0..<cells)
            .reshaped([cells * width])
        var x = tokens.reshaped([rows, cells * width]).addingRows(positions)
            .reshaped([rows, cells, width])
        for block in selfBlocks { x = block(x) }
        // All cross-attention blocks read the same tokens; their norms differ in weight and bias only.
        let context = x.normalised(eps: 1e-5)
        let query = styles.addingRows(stylePosition.reshaped([width]))  // [B, S, E]
        var queries = query.picking(clips)  // [N, S, E]
        if config.crossAttentionLayers == 0 {
            // Without attention the style codes see the mean of the tokens: an ablation.
            queries = queries.addingRows(x.meanOverRows(cells))
        }
        func head(_ index: Int, _ x: Variable<Float>) -> Variable<Float> {
            heads[index].norm(x).linear(heads[index].weight)
        }
        let attended = crossStacks.enumerated().map { index, stack in
            head(
                index,
                stack.reduce(queries) { $1($0, over: context) }
                    .reshaped([rows * perClip, width])
            )
        }
        return Conditions(
            coarse: attended[0],
            medium: attended[1],
            fine: head(2, query.reshaped([styles.shape[0] * perClip, width]))
        )
    }
}
