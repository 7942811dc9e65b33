internal import Layers
internal import Tensors

/// The names of CLIP's tensors in one layout.
package struct CLIPKeys {
    private let layout: CLIPConfig.Layout

    /// The names of a layout.
    package init(_ layout: CLIPConfig.Layout) { self.layout = layout }

    private func pick(_ openAI: String, _ huggingFace: String) -> String {
        layout == .openAI ? openAI : huggingFace
    }

    package var classEmbedding: String {
        pick("visual.class_embedding", "vision_model.embeddings.class_embedding")
    }
    package var patchEmbedding: String {
        pick("visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight")
    }
    package var visionPositions: String {
        pick("visual.positional_embedding", "vision_model.embeddings.position_embedding.weight")
    }
    package var tokenEmbedding: String {
        pick("token_embedding.weight", "text_model.embeddings.token_embedding.weight")
    }
    package var textPositions: String {
        pick("positional_embedding", "text_model.embeddings.position_embedding.weight")
    }
    /// The misspelling is Hugging Face's.
    package var visionFirstNorm: String { pick("visual.ln_pre", "vision_model.pre_layrnorm") }
    package var visionLastNorm: String { pick("visual.ln_post", "vision_model.post_layernorm") }
    package var textLastNorm: String { pick("ln_final", "text_model.final_layer_norm") }
    package var visionProjection: String { pick("visual.proj", "visual_projection.weight") }
    package var textProjection: String { pick("text_projection", "text_projection.weight") }

    package func visionBlock(_ index: Int) -> String {
        pick("visual.transformer.resblocks.\(index).", "vision_model.encoder.layers.\(index).")
    }

    package func textBlock(_ index: Int) -> String {
        pick("transformer.resblocks.\(index).", "text_model.encoder.layers.\(index).")
    }

    /// Reads one transformer block.
    func block(
        _ weights: Weights,
        _ name: String,
        _ config: CLIPConfig.Transformer
    ) throws -> TransformerBlock {
        let width = config.width
        let attention = name + pick("attn.", "self_attn.")
        return TransformerBlock(
            norm1: try LayerNorm(weights, name + pick("ln_1", "layer_norm1"), width: width),
            qkv: try packedProjection(weights, attention, width: width),
            projection: try Linear(weights, attention + "out_proj", [width, width]),
            norm2: try LayerNorm(weights, name + pick("ln_2", "layer_norm2"), width: width),
            expand: try Linear(weights, name + pick("mlp.c_fc", "mlp.fc1"), [4 * width, width]),
            contract: try Linear(
                weights,
                name + pick("mlp.c_proj", "mlp.fc2"),
                [width, 4 * width]
            ),
            heads: config.heads,
            activation: .quickGELU
        )
    }

    /// Queries, keys and values as one layer `[3W, W]`.
    private func packedProjection(_ weights: Weights, _ name: String, width: Int) throws -> Linear {
        switch layout {
        case .openAI:
            Linear(
                weight: try weights.float(name + "in_proj_weight", [3 * width, width]),
                bias: try weights.float(name + "in_proj_bias", [3 * width])
            )
        case .huggingFace:
            Linear(
                weight: Tensor.concatenate(
                    try ["q", "k", "v"].map {
                        try weights.float("\(name)\($0)_proj.weight", [width, width])
                    }
                ),
                bias: Tensor.concatenate(
                    try ["q", "k", "v"].map { try weights.float("\(name)\($0)_proj.bias", [width]) }
                )
            )
        }
    }

    /// Reads a projection into the common features as `[E, W]`.
    func projection(
        _ weights: Weights,
        _ name: String,
        width: Int,
        embedDim: Int
    ) throws -> Linear {
        switch layout {
        case .openAI:
            let stored = try weights.float(name, [width, embedDim])
            return Linear(
                weight: Tensor(uninitialized: [embedDim, width]) { out in
                    for row in 0..<embedDim {
                        for column in 0..<width {
                            out.initializeElement(
                                at: row * width + column,
                                to: stored.scalars[column * embedDim + row]
                            )
                        }
                    }
                }
            )
        case .huggingFace:
            return Linear(weight: try weights.float(name, [embedDim, width]))
        }
    }
}

extension Weights {
    /// The number of consecutive blocks of which any tensor is there.
    func layerCount(_ name: (Int) -> String) -> Int {
        let names = names
        var count = 0
        while names.contains(where: { $0.hasPrefix(name(count)) }) { count += 1 }
        return count
    }
}
