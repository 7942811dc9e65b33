internal import Kernels
public import Layers
public import Tensors

/// A DINO vision transformer: tokens, keys and attention of every block.
///
/// Source: Caron et al. 2021, "Emerging Properties in Self-Supervised Vision Transformers"; spec section 7.
public struct DINOModel: Sendable {
    /// The sizes.
    public let config: DINOConfig
    private let patches: PatchEmbedding
    /// `[D]`.
    private let classToken: Tensor<Float>
    /// `[D]`, the position of the class token.
    private let classPosition: Tensor<Float>
    /// `[grid * grid, D]`.
    private let positions: Tensor<Float>
    private let blocks: [TransformerBlock]
    private let norm: LayerNorm

    /// Reads the weights.
    ///
    /// - Parameters:
    ///   - config: The sizes; validated here.
    ///   - weights: The model's tensors.
    /// - Throws: `ConfigError` or `WeightError`.
    public init(_ config: DINOConfig, _ weights: Weights) throws {
        try config.validate()
        self.config = config
        let width = config.width
        patches = PatchEmbedding(
            weight: try weights.float(
                "patch_embed.proj.weight",
                [width, 3, config.patch, config.patch]
            ),
            bias: try weights.float("patch_embed.proj.bias", [width])
        )
        classToken = try weights.float("cls_token", [1, 1, width]).reshaped([width])
        let table = try weights.float("pos_embed", [1, 1 + config.grid * config.grid, width])[0]
        classPosition = table[0]
        positions = table[1..<table.shape[0]]
        blocks = try (0..<config.layers).map { try Self.block(config, weights, "blocks.\($0).") }
        norm = try LayerNorm(weights, "norm", width: width, eps: config.eps)
    }

    private static func block(
        _ config: DINOConfig,
        _ weights: Weights,
        _ name: String
    ) throws -> TransformerBlock {
        let width = config.width
        let expand = try Linear(weights, name + "mlp.fc1", [-1, width])
        return TransformerBlock(
            norm1: try LayerNorm(weights, name + "norm1", width: width, eps: config.eps),
            qkv: try Linear(weights, name + "attn.qkv", [3 * width, width]),
            projection: try Linear(weights, name + "attn.proj", [width, width]),
            norm2: try LayerNorm(weights, name + "norm2", width: width, eps: config.eps),
            expand: expand,
            contract: try Linear(weights, name + "mlp.fc2", [width, expand.outFeatures]),
            heads: config.heads,
            activation: .gelu
        )
    }

    /// The position embedding of the class token and all patches of an image.
    ///
    /// - Parameters:
    ///   - height: The image's height in pixels; what is beyond whole patches is ignored.
    ///   - width: The image's width in pixels.
    /// - Returns: `[1 + P, D]`.
    public func positionEmbedding(height: Int, width: Int) -> Tensor<Float> {
        let (rows, columns) = (height / config.patch, width / config.patch)
        let isTrained = height == width && rows * columns == positions.shape[0]
        let cells =
            isTrained
            ? positions
            : interpolatedPositions(positions, side: config.grid, rows: rows, columns: columns)
        return Tensor.concatenate([classPosition.reshaped([1, config.width]), cells])
    }

    /// The tokens before the first block.
    private func embedding(_ images: Tensor<Float>) -> Tensor<Float> {
        precondition(
            images.rank == 4 && images.shape[1] == 3 && images.shape[2] >= config.patch
                && images.shape[3] >= config.patch,
            "DINO needs [N, 3, H, W] from \(config.patch) pixels up, got \(images.shape)"
        )
        return prependingClassToken(
            classToken,
            to: patches(images),
            positions: positionEmbedding(height: images.shape[2], width: images.shape[3])
        )
    }

    /// Runs all blocks and the final norm, and keeps nothing else.
    ///
    /// - Parameter images: `[N, 3, H, W]`, normalised, at least one patch high and wide.
    /// - Returns: The tokens `[N, 1 + P, D]`, the class token first.
    public func features(_ images: Tensor<Float>) -> Tensor<Float> {
        ThreadPool.crew { norm(blocks.reduce(embedding(images)) { x, block in block(x) }) }
    }

    /// Runs the first blocks.
    ///
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`, normalised, at least one patch high and wide.
    ///   - depth: How many blocks to run; nil for all.
    /// - Returns: The tokens, and what happened inside the blocks.
    public func callAsFunction(_ images: Tensor<Float>, depth: Int? = nil) -> DINOTrace {
        let embedded = embedding(images)
        var x = embedded
        var tokens: [Tensor<Float>] = []
        var traces: [TransformerBlock.Trace] = []
        for block in blocks.prefix(depth ?? blocks.count) {
            let (output, trace) = block.traced(x)
            x = output
            tokens.append(output)
            traces.append(trace)
        }
        return DINOTrace(
            embedded: embedded,
            tokens: tokens,
            blocks: traces
        )
    }
}

/// A forward pass of a DINO model.
public struct DINOTrace: Sendable {
    /// The tokens before the first block, `[N, T, D]`; the class token comes first.
    public let embedded: Tensor<Float>
    /// The output of each block, `[N, T, D]`, without the final norm.
    public let tokens: [Tensor<Float>]
    /// What happened inside each block: packed projections and attention among others.
    public let blocks: [TransformerBlock.Trace]

    /// The keys of a block, heads side by side: `[N, T, D]`.
    public func keys(layer: Int) -> Tensor<Float> {
        let qkv = blocks[layer].qkv
        let width = qkv.shape[2] / 3
        var keys: [Float] = []
        keys.reserveCapacity(qkv.count / 3)
        for start in stride(from: width, to: qkv.count, by: 3 * width) {
            keys += qkv.scalars[start..<start + width]
        }
        return Tensor(shape: [qkv.shape[0], qkv.shape[1], width], scalars: keys)
    }

    /// The class token after a block: `[N, D]`.
    public func classTokens(layer: Int) -> Tensor<Float> { tokens[layer].classTokens }
}
