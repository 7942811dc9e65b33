public import Models

/// What `vsdb train clip` is asked for; JSON with exactly these keys.
public struct CLIPTrainingConfig: Codable, Sendable, Hashable {
    /// The numbers of the run.
    public var run: RunConfig
    /// The pairs of picture and caption of a step, each of another clip.
    public var batch: Int
    /// S, the side in pixels of the square that a frame is cropped to; a multiple of `patch`.
    public var imageSize: Int
    /// The side of a patch in pixels.
    public var patch: Int
    /// The transformer over patches.
    public var vision: CLIPConfig.Transformer
    /// The transformer over text tokens.
    public var text: CLIPConfig.Transformer
    /// The largest number of text tokens, start and end included; longer captions are cut.
    public var context: Int
    /// E, the width of the common features.
    public var embedDim: Int
    /// The largest number of merges of the vocabulary, which is learnt from the captions.
    public var merges: Int
    /// What AdamW takes off matrices: the part of a weight at learning rate 1.
    public var weightDecay: Double
    /// The share of the clips that is never trained on but measured with; 0 for none.
    public var validationShare: Double

    /// The sizes of a small domain: pictures of 128x128 in patches of 16, width 128.
    public static let standard = CLIPTrainingConfig(
        run: RunConfig(
            steps: 3_000,
            learningRate: Schedule(0.001, to: 0.00001, shape: .cosine, warmUp: 100),
            clipNorm: 1,
            averageDecay: 0.99
        ),
        batch: 96,
        imageSize: 128,
        patch: 16,
        vision: CLIPConfig.Transformer(width: 128, heads: 2, layers: 4),
        text: CLIPConfig.Transformer(width: 128, heads: 2, layers: 3),
        context: 77,
        embedDim: 128,
        merges: 1_024,
        weightDecay: 0.1,
        validationShare: 0.05
    )

    /// The sizes of the network.
    ///
    /// - Parameter vocabulary: The number of tokens, start and end included.
    /// - Returns: The sizes in the openAI layout.
    public func network(vocabulary: Int) -> CLIPConfig {
        CLIPConfig(
            layout: .openAI,
            imageSize: imageSize,
            patch: patch,
            vision: vision,
            text: text,
            context: context,
            vocabulary: vocabulary,
            embedDim: embedDim
        )
    }

    /// Checks the numbers against each other.
    ///
    /// - Throws: `TrainingError`, `.badConfig`, naming the key.
    public func validate() throws(TrainingError) {
        try run.validate()
        func check(_ isGood: Bool, _ key: String, _ need: String) throws(TrainingError) {
            guard isGood else {
                throw TrainingError(.badConfig, "configuration: the key \(key) needs \(need)")
            }
        }
        do throws(ConfigError) {
            try network(vocabulary: 514).validate()
        } catch { throw TrainingError(.badConfig, "configuration: the key \(error)") }
        try check(batch >= 2, "batch", "at least 2 pairs, got \(batch)")
        try check(context >= 3, "context", "at least 3 tokens, got \(context)")
        try check((0...1_000_000).contains(merges), "merges", "0 to 1000000, got \(merges)")
        try check(weightDecay >= 0 && weightDecay.isFinite, "weightDecay", "a number from 0 up")
        try check((0..<1).contains(validationShare), "validationShare", "0 to below 1")
    }
}
