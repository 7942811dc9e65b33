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

    func traced(_ images: Tensor<Float>) -> (features: Tensor<Float>, trace: CLIPImageTrace) {
        let embedded = prependingClassToken(classToken, to: patches(images), positions: positions)
        var x = firstNorm(embedded)
        var traces: [TransformerBlock.Trace] = []
        for block in blocks {
            let (output, trace) = block.traced(x)
            x = output
            traces.append(trace)
        }
        let trace = CLIPImageTrace(
            imageShape: images.shape,
            embedded: embedded,
            blocks: traces,
            output: x
        )
        return (projection(lastNorm(x.classTokens)), trace)
    }

    func imageGradient(_ features: Tensor<Float>, _ trace: CLIPImageTrace) -> Tensor<Float> {
        let last = lastNorm.inputGradient(
            projection.inputGradient(features),
            at: trace.output.classTokens
        )
        var gradient = last.asClassTokens(shape: trace.output.shape)
        for (block, blockTrace) in zip(blocks, trace.blocks).reversed() {
            gradient = block.inputGradient(output: gradient, blockTrace)
        }
        gradient = firstNorm.inputGradient(gradient, at: trace.embedded)
        return patches.inputGradient(gradient.droppingClassTokens, shape: trace.imageShape)
    }
}

/// What the gradient of an image encoding needs of its forward pass.
public struct CLIPImageTrace: Sendable {
    let imageShape: [Int]
    /// `[N, T, W]`, before the first norm.
    let embedded: Tensor<Float>
    let blocks: [TransformerBlock.Trace]
    /// `[N, T, W]`, after the last block.
    let output: Tensor<Float>
}
