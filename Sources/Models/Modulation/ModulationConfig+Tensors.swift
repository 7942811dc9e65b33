public import Tensors

extension ModulationConfig {
    /// Every tensor that the conditional model reads, from the root of a checkpoint.
    public var requiredTensors: [TensorRequirement] { networkTensors + mapperTensors }

    private var networkTensors: [TensorRequirement] {
        var needs = [
            TensorRequirement("dyn_pos_emb", [1, positions, width]),
            TensorRequirement("content_pos_emd", [1, 1, width]),
        ]
        for index in 0..<selfAttentionLayers {
            let name = "slf_blocks.\(index)."
            needs += TensorRequirement.layer(name + "ln1", [width])
            needs += block(name, factor: 4)
        }
        for index in 0..<crossAttentionLayers {
            for stack in 0..<2 {
                let name = "blocks.\(index).\(stack)."
                needs += TensorRequirement.layer(name + "x_ln1", [width])
                needs += TensorRequirement.layer(name + "y_ln1", [width])
                needs += block(name, factor: 2)
            }
        }
        for index in 0..<3 {
            needs += TensorRequirement.layer("ln_f.\(index)", [width])
            needs.append(TensorRequirement("head.\(index).weight", [conditionWidth, width]))
        }
        return needs.map { $0.prefixed(ModulationNames.network) }
    }

    /// Attention and the feed-forward part, which is wider inside by a factor.
    private func block(_ name: String, factor: Int) -> [TensorRequirement] {
        var needs = TensorRequirement.layer(name + "ln2", [width])
        for part in ["query", "key", "value", "proj"] {
            needs += TensorRequirement.layer(name + "attn." + part, [width, width])
        }
        needs += TensorRequirement.layer(name + "mlp.0", [factor * width, width])
        needs += TensorRequirement.layer(name + "mlp.2", [width, factor * width])
        return needs
    }

    private var mapperTensors: [TensorRequirement] {
        var needs: [TensorRequirement] = []
        for (group, count) in zip(ModulationNames.groups, modulesPerGroup) {
            for index in 0..<count { needs += module(ModulationNames.module(group, index)) }
        }
        return needs
    }

    private func module(_ name: String) -> [TensorRequirement] {
        var needs = TensorRequirement.layer(name + "fc", [styleDim, styleDim])
        for function in ["gamma_function", "beta_function"] {
            needs += TensorRequirement.layer(name + function + ".0", [styleDim, conditionWidth])
            needs += TensorRequirement.layer(name + function + ".1", [styleDim])
            needs += TensorRequirement.layer(name + function + ".3", [styleDim, styleDim])
        }
        return needs
    }
}
