public import Tensors

extension DINOConfig {
    /// Every tensor that the model reads.
    public var requiredTensors: [TensorRequirement] {
        var needs = [
            TensorRequirement("cls_token", [1, 1, width]),
            TensorRequirement("pos_embed", [1, 1 + grid * grid, width]),
        ]
        needs += TensorRequirement.layer("patch_embed.proj", [width, 3, patch, patch])
        for index in 0..<layers {
            let name = "blocks.\(index)."
            needs += TensorRequirement.layer(name + "norm1", [width])
            needs += TensorRequirement.layer(name + "norm2", [width])
            needs += TensorRequirement.layer(name + "attn.qkv", [3 * width, width])
            needs += TensorRequirement.layer(name + "attn.proj", [width, width])
            // The width inside follows from the file.
            needs += TensorRequirement.layer(name + "mlp.fc1", [-1, width])
            needs.append(TensorRequirement(name + "mlp.fc2.weight", [width, -1]))
            needs.append(TensorRequirement(name + "mlp.fc2.bias", [width]))
        }
        return needs + TensorRequirement.layer("norm", [width])
    }
}
