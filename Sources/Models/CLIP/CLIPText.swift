internal import Layers
internal import Tensors

/// CLIP's text encoder: a causal transformer read at the end of the text.
///
/// Shapes: N lists of at most `context` token ids to `[N, E]`. Source: Radford et al. 2021, section 2.4.
struct CLIPText: Sendable {
    /// `[V, W]`.
    private let tokenEmbedding: Tensor<Float>
    /// `[context, W]`.
    private let positions: Tensor<Float>
    private let blocks: [TransformerBlock]
    private let lastNorm: LayerNorm
    private let projection: Linear

    init(_ config: CLIPConfig, _ weights: Weights) throws {
        let keys = CLIPKeys(config.layout)
        let width = config.text.width
        tokenEmbedding = try weights.float(keys.tokenEmbedding, [config.vocabulary, width])
        positions = try weights.float(keys.textPositions, [config.context, width])
        blocks = try (0..<config.text.layers).map {
            try keys.block(weights, keys.textBlock($0), config.text)
        }
        lastNorm = try LayerNorm(weights, keys.textLastNorm, width: width)
        projection = try keys.projection(
            weights,
            keys.textProjection,
            width: width,
            embedDim: config.embedDim
        )
    }

    func callAsFunction(
        _ tokens: [[Int32]],
        observe: ((String, Tensor<Float>) -> Void)?
    ) -> Tensor<Float> {
        let ends = tokens.map(endPosition)
        // No token sees later ones, so what follows the last end changes nothing and is left out.
        let length = observe == nil ? (ends.max() ?? 0) + 1 : tokens.map(\.count).max() ?? 0
        var x = embed(tokens, length: length)  // [N, T, W]
        for (index, block) in blocks.enumerated() {
            x = block(x, causal: true)
            observe?("text_block_\(index)", x)
        }
        return projection(lastNorm(x.selecting(rows: ends)))
    }

    /// Where the largest token id stands, the first such place.
    private func endPosition(_ ids: [Int32]) -> Int {
        ids.indices.max { ids[$0] < ids[$1] || (ids[$0] == ids[$1] && $0 > $1) } ?? 0
    }

    /// Looks tokens up and adds their positions; texts shorter than `length` are followed by token 0.
    private func embed(_ tokens: [[Int32]], length: Int) -> Tensor<Float> {
        let width = tokenEmbedding.shape[1]
        return Tensor(uninitialized: [tokens.count, length, width]) { out in
            tokenEmbedding.scalars.withUnsafeBufferPointer { table in
                positions.scalars.withUnsafeBufferPointer { positions in
                    for (sample, ids) in tokens.enumerated() {
                        for place in 0..<length {
                            let row = place < ids.count ? Int(ids[place]) * width : 0
                            let target = (sample * length + place) * width
                            for index in 0..<width {
                                out.initializeElement(
                                    at: target + index,
                                    to: table[row + index] + positions[place * width + index]
                                )
                            }
                        }
                    }
                }
            }
        }
    }
}
