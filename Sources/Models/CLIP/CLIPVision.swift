internal import Layers
internal import Tensors

/// CLIP's image encoder: patches and a class token through a transformer.
///
/// Shapes: `[N, 3, S, S]`, preprocessed, to `[N, E]`. Source: Radford et al. 2021, section 2.4.
struct CLIPVision: Sendable {
    private let patches: PatchEmbedding
    /// `[W]`.
    private let classToken: Tensor<Float>
    /// `[1 + P, W]`.
    private let positions: Tensor<Float>
    private let firstNorm: LayerNorm
    private let blocks: [TransformerBlock]
    private let lastNorm: LayerNorm
    private let projection: Linear

    init(_ config: CLIPConfig, _ weights: Weights) throws {
        let keys = CLIPKeys(config.layout)
        let width = config.vision.width
        let grid = config.imageSize / config.patch
        patches = PatchEmbedding(
            weight: try weights.float(
                keys.patchEmbedding,
                [width, 3, config.patch, config.patch]
            )
        )
        classToken = try weights.float(keys.classEmbedding, [width])
        positions = try weights.float(keys.visionPositions, [1 + grid * grid, width])
        firstNorm = try LayerNorm(weights, keys.visionFirstNorm, width: width)
        blocks = try (0..<config.vision.layers).map {
            try keys.block(weights, keys.visionBlock($0), config.vision)
        }
        lastNorm = try LayerNorm(weights, keys.visionLastNorm, width: width)
        projection = try keys.projection(
            weights,
            keys.visionProjection,
            width: width,
            embedDim: config.embedDim
        )
    }

    func callAsFunction(
        _ images: Tensor<Float>,
        observe: ((String, Tensor<Float>) -> Void)?
    ) -> Tensor<Float> {
        let embedded = patches(images)
        observe?("vision_patch", embedded)
        var x = firstNorm(prependingClassToken(classToken, to: embedded, positions: positions))
        observe?("vision_ln_pre", x)
        for (index, block) in blocks.enumerated() {
            x = block(x)
            observe?("vision_block_\(index)", x)
        }
        return projection(lastNorm(x.classTokens))
    }
}
