public import Gradients
public import Kernels
public import Models
internal import Tensors

/// A DINO vision transformer with gradients: class tokens and keys of its blocks.
///
/// Source: Caron et al. 2021; spec section 7.
public final class TrainableDINO {
    /// The sizes.
    public let config: DINOConfig
    private let patches: TrainablePatchEmbedding
    private let classToken: Variable<Float>
    private let positions: Variable<Float>
    private let blocks: [TrainableTransformerBlock]

    /// Reads the parameters, which training leaves as they are.
    ///
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: DINOConfig, _ parameters: Parameters) throws {
        try config.validate()
        self.config = config
        let width = config.width
        patches = TrainablePatchEmbedding(
            weight: try parameters.float(
                "patch_embed.proj.weight",
                [width, 3, config.patch, config.patch],
                .uniform(inputs: 3 * config.patch * config.patch)
            ),
            bias: try parameters.float("patch_embed.proj.bias", [width], .constant(0))
        )
        classToken = try parameters.float("cls_token", [1, 1, width], .normal(0.02))
        positions = try parameters.float(
            "pos_embed",
            [1, 1 + config.grid * config.grid, width],
            .normal(0.02)
        )
        blocks = try (0..<config.layers).map { index in
            let name = "blocks.\(index)."
            func norm(_ part: String) throws -> TrainableLayerNorm {
                try TrainableLayerNorm(parameters, name + part, width: width, eps: config.eps)
            }
            func linear(_ part: String, _ inputs: Int, _ outputs: Int) throws -> TrainableLinear {
                try TrainableLinear(parameters, name + part, inputs, outputs)
            }
            return TrainableTransformerBlock(
                norm1: try norm("norm1"),
                norm2: try norm("norm2"),
                projections: [try linear("attn.qkv", width, 3 * width)],
                projection: try linear("attn.proj", width, width),
                expand: try linear("mlp.fc1", width, 4 * width),
                contract: try linear("mlp.fc2", 4 * width, width),
                heads: config.heads,
                activation: .gelu
            )
        }
    }

    /// What the losses read of a forward pass.
    public struct Features {
        /// By block: the tokens after it, `[N, 1 + P, D]`, the class token first.
        public let tokens: [Variable<Float>]
        /// By block: its keys, heads side by side, `[N, 1 + P, D]`.
        public let keys: [Variable<Float>]

        /// The class token after a block: `[N, D]`.
        public func classTokens(layer: Int) -> Variable<Float> {
            tokens[layer].selecting(rows: [Int](repeating: 0, count: tokens[layer].shape[0]))
        }
    }

    /// Runs the first blocks.
    ///
    /// - Parameters:
    ///   - images: `[N, H, W, 3]`, as `DifferentiableResizing.splice` makes them.
    ///   - depth: How many blocks; nil for all.
    /// - Returns: Their tokens and keys.
    public func callAsFunction(_ images: Variable<Float>, depth: Int? = nil) -> Features {
        let embedded = patches(images)
        let samples = images.shape[0]
        let width = config.width
        let table = positions.value.reshaped([1 + config.grid * config.grid, width])
        let (rows, columns) = (images.shape[1] / config.patch, images.shape[2] / config.patch)
        let cells = table[1..<table.shape[0]]
        let isTrained =
            images.shape[1] == images.shape[2] && rows * columns == cells.shape[0]
        let used = Tensor.concatenate([
            table[0..<1],
            isTrained
                ? cells
                : interpolatedPositions(cells, side: config.grid, rows: rows, columns: columns),
        ])
        let tokens = classToken.reshaped([width]).before(embedded)
        let size = tokens.shape[1] * width
        var x = tokens.reshaped([samples, size]).addingRows(Variable(used.reshaped([size])))
            .reshaped(tokens.shape)
        var outputs: [Variable<Float>] = []
        var keys: [Variable<Float>] = []
        for block in blocks.prefix(depth ?? blocks.count) {
            let traced = block.traced(x)
            x = traced.output
            outputs.append(x)
            keys.append(traced.keys)
        }
        return Features(tokens: outputs, keys: keys)
    }
}
