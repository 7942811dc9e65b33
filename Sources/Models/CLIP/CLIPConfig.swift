public import Tensors

/// The sizes of a CLIP model with a vision transformer, enough to check its weights against.
public struct CLIPConfig: Codable, Sendable, Hashable {
    /// Who wrote the checkpoint: the key names, and which way the projections lie.
    public enum Layout: String, Codable, Sendable {
        /// openai/CLIP: `visual.transformer.resblocks.0.attn.in_proj_weight`, projections `[W, E]`.
        case openAI
        /// Hugging Face transformers: `vision_model.encoder.layers.0.self_attn.q_proj.weight`, `[E, W]`.
        case huggingFace
    }

    /// One of the two transformers.
    public struct Transformer: Codable, Sendable, Hashable {
        /// The width of a token.
        public var width: Int
        /// The number of attention heads; divides the width.
        public var heads: Int
        /// The number of blocks.
        public var layers: Int

        /// Collects the sizes.
        public init(width: Int, heads: Int, layers: Int) {
            self.width = width
            self.heads = heads
            self.layers = layers
        }
    }

    /// The key layout.
    public var layout: Layout
    /// S, the side of the square input in pixels.
    public var imageSize: Int
    /// The side of a patch in pixels; divides `imageSize`.
    public var patch: Int
    /// The transformer over patches.
    public var vision: Transformer
    /// The transformer over text tokens.
    public var text: Transformer
    /// The largest number of text tokens.
    public var context: Int
    /// The number of token ids; the end of a text is the largest id in it.
    public var vocabulary: Int
    /// E, the width of the common features.
    public var embedDim: Int
    /// The mean of each input channel, of fractions in 0...1.
    public var mean: [Float]
    /// The standard deviation of each input channel.
    public var deviation: [Float]

    /// Collects the sizes.
    public init(
        layout: Layout,
        imageSize: Int,
        patch: Int,
        vision: Transformer,
        text: Transformer,
        context: Int,
        vocabulary: Int,
        embedDim: Int,
        mean: [Float] = ChannelStatistics.clip.mean,
        deviation: [Float] = ChannelStatistics.clip.deviation
    ) {
        self.layout = layout
        self.imageSize = imageSize
        self.patch = patch
        self.vision = vision
        self.text = text
        self.context = context
        self.vocabulary = vocabulary
        self.embedDim = embedDim
        self.mean = mean
        self.deviation = deviation
    }

    /// Reads the sizes off the tensors.
    ///
    /// - Parameters:
    ///   - weights: The model's tensors.
    ///   - visionHeads: Heads of the vision transformer, which no tensor tells; nil for width / 64.
    ///   - textHeads: Heads of the text transformer; nil for width / 64.
    /// - Throws: `WeightError` if neither layout is there.
    public init(
        inferredFrom weights: Weights,
        visionHeads: Int? = nil,
        textHeads: Int? = nil
    ) throws {
        let layout: Layout =
            weights.has("vision_model.embeddings.class_embedding") ? .huggingFace : .openAI
        let keys = CLIPKeys(layout)
        let patches = try weights.raw(keys.patchEmbedding, [-1, 3, -1, -1]).shape
        let positions = try weights.raw(keys.visionPositions, [-1, patches[0]]).shape
        let tokens = try weights.raw(keys.tokenEmbedding, [-1, -1]).shape
        let context = try weights.raw(keys.textPositions, [-1, tokens[1]]).shape
        let projection = try weights.raw(keys.visionProjection, [-1, -1]).shape
        let grid = Int(Double(max(positions[0] - 1, 0)).squareRoot().rounded())
        self.init(
            layout: layout,
            imageSize: grid * patches[2],
            patch: patches[2],
            vision: Transformer(
                width: patches[0],
                heads: visionHeads ?? max(1, patches[0] / 64),
                layers: weights.layerCount(keys.visionBlock)
            ),
            text: Transformer(
                width: tokens[1],
                heads: textHeads ?? max(1, tokens[1] / 64),
                layers: weights.layerCount(keys.textBlock)
            ),
            context: context[0],
            vocabulary: tokens[0],
            embedDim: layout == .openAI ? projection[1] : projection[0]
        )
    }

    /// Checks the sizes against each other.
    ///
    /// - Throws: `ConfigError` naming the key.
    public func validate() throws(ConfigError) {
        guard (1...1024) ~= patch, (1...8192) ~= imageSize, imageSize % patch == 0 else {
            throw ConfigError("imageSize", "needs a multiple of patch \(patch), got \(imageSize)")
        }
        try validate(vision, "vision")
        try validate(text, "text")
        guard (1...65_536) ~= context else { throw ConfigError("context", "got \(context)") }
        guard (1...(1 << 24)) ~= vocabulary else {
            throw ConfigError("vocabulary", "got \(vocabulary)")
        }
        guard (1...65_536) ~= embedDim else { throw ConfigError("embedDim", "got \(embedDim)") }
        guard mean.count == 3, deviation.count == 3, deviation.allSatisfy({ $0 > 0 }) else {
            throw ConfigError("deviation", "needs 3 means and 3 positive deviations")
        }
    }

    private func validate(_ transformer: Transformer, _ key: String) throws(ConfigError) {
        guard (1...65_536) ~= transformer.width, (1...1024) ~= transformer.layers else {
            throw ConfigError(key, "got width \(transformer.width), \(transformer.layers) layers")
        }
        guard transformer.heads >= 1, transformer.width % transformer.heads == 0 else {
            throw ConfigError(
                key + ".heads",
                "needs a divisor of the width \(transformer.width), got \(transformer.heads)"
            )
        }
    }
}
