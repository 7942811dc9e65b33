public import Tensors

extension CLIPConfig {
    /// Every tensor that the model reads, in the names of its layout.
    public var requiredTensors: [TensorRequirement] {
        let keys = CLIPKeys(layout)
        let grid = imageSize / patch
        var needs = [
            TensorRequirement("logit_scale", []),
            TensorRequirement(keys.classEmbedding, [vision.width]),
            TensorRequirement(keys.patchEmbedding, [vision.width, 3, patch, patch]),
            TensorRequirement(keys.visionPositions, [1 + grid * grid, vision.width]),
            TensorRequirement(keys.tokenEmbedding, [vocabulary, text.width]),
            TensorRequirement(keys.textPositions, [context, text.width]),
            TensorRequirement(keys.visionProjection, projection(of: vision)),
            TensorRequirement(keys.textProjection, projection(of: text)),
        ]
        needs += TensorRequirement.layer(keys.visionFirstNorm, [vision.width])
        needs += TensorRequirement.layer(keys.visionLastNorm, [vision.width])
        needs += TensorRequirement.layer(keys.textLastNorm, [text.width])
        for index in 0..<vision.layers {
            needs += block(keys.visionBlock(index), width: vision.width)
        }
        for index in 0..<text.layers { needs += block(keys.textBlock(index), width: text.width) }
        return needs
    }

    /// The two layouts store projections the other way round.
    private func projection(of transformer: Transformer) -> [Int] {
        layout == .openAI ? [transformer.width, embedDim] : [embedDim, transformer.width]
    }

    private func block(_ name: String, width: Int) -> [TensorRequirement] {
        let square = [width, width]
        let isOpenAI = layout == .openAI
        var needs: [TensorRequirement] = []
        for norm in isOpenAI ? ["ln_1", "ln_2"] : ["layer_norm1", "layer_norm2"] {
            needs += TensorRequirement.layer(name + norm, [width])
        }
        if isOpenAI {
            needs += [
                TensorRequirement(name + "attn.in_proj_weight", [3 * width, width]),
                TensorRequirement(name + "attn.in_proj_bias", [3 * width]),
            ]
            needs += TensorRequirement.layer(name + "attn.out_proj", square)
        } else {
            for projection in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                needs += TensorRequirement.layer(name + "self_attn." + projection, square)
            }
        }
        let (expand, contract) = isOpenAI ? ("mlp.c_fc", "mlp.c_proj") : ("mlp.fc1", "mlp.fc2")
        needs += TensorRequirement.layer(name + expand, [4 * width, width])
        needs += TensorRequirement.layer(name + contract, [width, 4 * width])
        return needs
    }
}
