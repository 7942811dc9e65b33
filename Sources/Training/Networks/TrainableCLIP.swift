public import Gradients
public import Kernels
public import Models
internal import Tensors

/// CLIP with gradients: images and texts as vectors of one space.
///
/// Source: Radford et al. 2021, section 2.4; spec section 4. Weights start as there: deviations
/// `width^-0.5`, smaller where they add up over layers.
public final class TrainableCLIP {
    /// The sizes.
    public let config: CLIPConfig
    /// The logarithm of what cosines are multiplied by, `[]`.
    public let logitScale: Variable<Float>
    private let vision: Vision
    private let text: Text

    private struct Vision {
        let patches: TrainablePatchEmbedding
        let classToken: Variable<Float>
        let positions: Variable<Float>
        let firstNorm: TrainableLayerNorm
        let blocks: [TrainableTransformerBlock]
        let lastNorm: TrainableLayerNorm
        let projection: Variable<Float>
    }

    private struct Text {
        let tokens: Variable<Float>
        let positions: Variable<Float>
        let blocks: [TrainableTransformerBlock]
        let lastNorm: TrainableLayerNorm
        let projection: Variable<Float>
    }

    /// Reads or starts the parameters, in the names of the configuration's layout.
    ///
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: CLIPConfig, _ parameters: Parameters) throws {
        try config.validate()
        self.config = config
        let keys = CLIPKeys(config.layout)
        let (width, grid) = (config.vision.width, config.imageSize / config.patch)
        func blocks(_ sizes: CLIPConfig.Transformer, _ name: (Int) -> String) throws
            -> [TrainableTransformerBlock]
        {
            try (0..<sizes.layers).map {
                try Self.block(parameters, name($0), sizes, config.layout)
            }
        }
        func projection(_ name: String, _ width: Int) throws -> Variable<Float> {
            try parameters.float(
                name,
                config.layout == .openAI
                    ? [width, config.embedDim] : [config.embedDim, width],
                .normal(1 / Double(width).squareRoot())
            )
        }
        let start = Initial.normal(1 / Double(width).squareRoot())
        vision = Vision(
            patches: TrainablePatchEmbedding(
                weight: try parameters.float(
                    keys.patchEmbedding,
                    [width, 3, config.patch, config.patch],
                    .uniform(inputs: 3 * config.patch * config.patch)
                ),
                bias: nil
            ),
            classToken: try parameters.float(keys.classEmbedding, [width], start),
            positions: try parameters.float(
                keys.visionPositions,
                [1 + grid * grid, width],
                start
            ),
            firstNorm: try TrainableLayerNorm(parameters, keys.visionFirstNorm, width: width),
            blocks: try blocks(config.vision, keys.visionBlock),
            lastNorm: try TrainableLayerNorm(parameters, keys.visionLastNorm, width: width),
            projection: try projection(keys.visionProjection, width)
        )
        text = Text(
            tokens: try parameters.float(
                keys.tokenEmbedding,
                [config.vocabulary, config.text.width],
                .normal(0.02)
            ),
            positions: try parameters.float(
                keys.textPositions,
                [config.context, config.text.width],
                .normal(0.01)
            ),
            blocks: try blocks(config.text, keys.textBlock),
            lastNorm: try TrainableLayerNorm(
                parameters,
                keys.textLastNorm,
                width: config.text.width
            ),
            projection: try projection(keys.textProjection, config.text.width)
        )
        // log(1 / 0.07)
        logitScale = try parameters.float("logit_scale", [], .constant(2.6592600369327783))
    }

    private static func block(
        _ parameters: Parameters,
        _ name: String,
        _ sizes: CLIPConfig.Transformer,
        _ layout: CLIPConfig.Layout
    ) throws -> TrainableTransformerBlock {
        let width = sizes.width
        let own = 1 / Double(width).squareRoot()
        let summed = own / (2 * Double(sizes.layers)).squareRoot()
        let isOpenAI = layout == .openAI
        func linear(_ part: String, _ inputs: Int, _ outputs: Int, _ deviation: Double) throws
            -> TrainableLinear
        {
            try TrainableLinear(
                parameters,
                name + part,
                inputs,
                outputs,
                initial: .normal(deviation)
            )
        }
        let projections: [TrainableLinear] =
            isOpenAI
            ? [
                TrainableLinear(
                    weight: try parameters.float(
                        name + "attn.in_proj_weight",
                        [3 * width, width],
                        .normal(own)
                    ),
                    bias: try parameters.float(
                        name + "attn.in_proj_bias",
                        [3 * width],
                        .constant(0)
                    )
                )
            ]
            : try ["q_proj", "k_proj", "v_proj"].map {
                try linear("self_attn." + $0, width, width, own)
            }
        return TrainableTransformerBlock(
            norm1: try TrainableLayerNorm(
                parameters,
                name + (isOpenAI ? "ln_1" : "layer_norm1"),
                width: width
            ),
            norm2: try TrainableLayerNorm(
                parameters,
                name + (isOpenAI ? "ln_2" : "layer_norm2"),
                width: width
            ),
            projections: projections,
            projection: try linear(
                isOpenAI ? "attn.out_proj" : "self_attn.out_proj",
                width,
                width,
                summed
            ),
            expand: try linear(
                isOpenAI ? "mlp.c_fc" : "mlp.fc1",
                width,
                4 * width,
                1 / (2 * Double(width)).squareRoot()
            ),
            contract: try linear(isOpenAI ? "mlp.c_proj" : "mlp.fc2", 4 * width, width, summed),
            heads: sizes.heads,
            activation: .quickGELU
        )
    }

    /// A projection into the common features, stored as its layout has it.
    private func projected(_ x: Variable<Float>, _ projection: Variable<Float>) -> Variable<Float> {
        config.layout == .openAI ? .matrixProduct(x, projection) : x.linear(projection)
    }

    /// Encodes images.
    ///
    /// - Parameter images: `[N, S, S, 3]`, as `DifferentiableResizing.clip` makes them.
    /// - Returns: Features `[N, E]`, not normalised.
    public func encode(images: Variable<Float>) -> Variable<Float> {
        let tokens = vision.classToken.before(vision.patches(images))
        let positions = vision.positions.reshaped([vision.positions.value.count])
        let (samples, count, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2])
        var x = vision.firstNorm(
            tokens.reshaped([samples, count * width]).addingRows(positions)
                .reshaped([samples, count, width])
        )
        for block in vision.blocks { x = block(x) }
        let last = vision.lastNorm(x.selecting(rows: [Int](repeating: 0, count: samples)))
        return projected(last, vision.projection)
    }

    /// Encodes texts.
    ///
    /// - Parameter tokens: N lists of 1 to `context` ids; a text ends at its largest id.
    /// - Returns: Features `[N, E]`, not normalised.
    public func encode(texts tokens: [[Int32]]) -> Variable<Float> {
        let ends = tokens.map { ids in
            ids.indices.max { ids[$0] < ids[$1] || (ids[$0] == ids[$1] && $0 > $1) } ?? 0
        }
        // No token sees later ones, so what follows the last end changes nothing and is left out.
        let length = (ends.max() ?? 0) + 1
        let width = config.text.width
        let ids = tokens.flatMap { ids in
            (0..<length).map { $0 < ids.count ? Int(ids[$0]) : 0 }
        }
        var x = text.tokens.picking(ids).reshaped([tokens.count, length * width])
            .addingRows(text.positions.entries(0..<length).reshaped([length * width]))
            .reshaped([tokens.count, length, width])
        for block in text.blocks { x = block(x, causal: true) }
        return projected(text.lastNorm(x.selecting(rows: ends)), text.projection)
    }
}
