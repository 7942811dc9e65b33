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
        let rows = [Int](repeating: 0, count: images.shape[0])
        return projection(lastNorm(x.selecting(rows: rows)))
    }
}

/// Puts the class token before the patches of every sample and adds the positions.
///
/// Shapes: `classToken [W]`, `patches [N, P, W]`, `positions [1 + P, W]` to `[N, 1 + P, W]`.
func prependingClassToken(
    _ classToken: Tensor<Float>,
    to patches: Tensor<Float>,
    positions: Tensor<Float>
) -> Tensor<Float> {
    let (samples, width) = (patches.shape[0], patches.shape[2])
    let size = positions.count
    precondition(size == (1 + patches.shape[1]) * width, "\(positions.shape) for \(patches.shape)")
    return Tensor(uninitialized: [samples, 1 + patches.shape[1], width]) { out in
        patches.scalars.withUnsafeBufferPointer { patches in
            positions.scalars.withUnsafeBufferPointer { positions in
                for sample in 0..<samples {
                    for index in 0..<width {
                        out.initializeElement(
                            at: sample * size + index,
                            to: classToken.scalars[index] + positions[index]
                        )
                    }
                    let source = sample * (size - width) - width
                    for index in width..<size {
                        out.initializeElement(
                            at: sample * size + index,
                            to: patches[source + index] + positions[index]
                        )
                    }
                }
            }
        }
    }
}

extension Tensor where Scalar == Float {
    /// One row of every sample: `[N, T, W]` with N row numbers to `[N, W]`.
    func selecting(rows: [Int]) -> Tensor<Float> {
        let (tokens, width) = (shape[1], shape[2])
        var result: [Float] = []
        result.reserveCapacity(rows.count * width)
        for (sample, row) in rows.enumerated() {
            let start = (sample * tokens + row) * width
            result += scalars[start..<start + width]
        }
        return Tensor(shape: [rows.count, width], scalars: result)
    }
}
