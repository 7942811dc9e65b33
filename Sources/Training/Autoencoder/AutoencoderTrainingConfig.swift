internal import Kernels
public import Models
public import Tensors

/// What `vsdb train autoencoder` is asked for; JSON with exactly these keys.
public struct AutoencoderTrainingConfig: Codable, Sendable, Hashable {
    /// The weights of the terms of the loss; a term of weight 0 is not computed.
    public struct Weights: Codable, Sendable, Hashable {
        /// Mean absolute difference, pixels weighted by `figure` and `background`.
        public var absolute: Double
        /// The same of pictures averaged to 1/2, 1/4 and 1/8, summed up.
        public var coarse: Double
        /// Mean absolute difference of the differences between neighbouring pixels.
        public var gradient: Double
        /// Mean squared difference.
        public var square: Double
        /// Mean square of the codes, which keeps them near the average.
        public var code: Double
        /// The weight of pixels unlike the picture's border.
        public var figure: Double
        /// The weight of pixels like the picture's border.
        public var background: Double

        /// Collects the weights.
        public init(
            absolute: Double = 1,
            coarse: Double = 0.4,
            gradient: Double = 0.6,
            square: Double = 2,
            code: Double = 0.001,
            figure: Double = 3,
            background: Double = 0.5
        ) {
            self.absolute = absolute
            self.coarse = coarse
            self.gradient = gradient
            self.square = square
            self.code = code
            self.figure = figure
            self.background = background
        }
    }

    /// The numbers of the run.
    public var run: RunConfig
    /// The pictures of a step; even, for they come in pairs of one clip.
    public var batch: Int
    /// The sizes of the generator, rosinality layout.
    public var generator: StyleGAN2Config
    /// The sizes of the content encoder.
    public var encoder: PSPConfig
    /// The last so many W+ layers come from the other picture of the pair in `swapProbability` of all steps: what moves
    /// then stays out of them, for the conditional model never shows motion to them.
    public var fineLayers: Int
    /// In which part of the steps the fine layers are exchanged, 0...1.
    public var swapProbability: Double
    /// What the learning rate of the encoder is multiplied by; the generator's weights are equalised, the encoder's not.
    public var encoderRateFactor: Double
    /// What convolutions multiply in: `f32` or `bf16`.
    public var precision: Precision
    /// The terms of the loss.
    public var weights: Weights

    /// The sizes of a small domain: pictures of 128x128, 12 W+ layers of 128 numbers.
    public static let standard = AutoencoderTrainingConfig(
        run: RunConfig(
            steps: 60_000,
            learningRate: Schedule(0.01, to: 0.0005, shape: .cosine, warmUp: 100),
            averageDecay: 0.999
        ),
        batch: 16,
        generator: StyleGAN2Config(
            layout: .rosinality,
            height: 128,
            width: 128,
            styleDim: 128,
            mappingLayers: 0,
            channels: [256, 192, 128, 96, 32, 16]
        ),
        encoder: PSPConfig(
            inputSize: 128,
            widths: [16, 32, 64, 128],
            units: [2, 2, 6, 2],
            taps: [3, 9, 11],
            styleCount: 12,
            styleDim: 128,
            coarseIndex: 3,
            middleIndex: 7,
            squeezeReduction: 16
        ),
        fineLayers: 4,
        swapProbability: 0.5,
        encoderRateFactor: 0.1,
        precision: .float32,
        weights: Weights()
    )

    /// Checks the numbers against each other.
    ///
    /// - Throws: `TrainingError`, `.badConfig`, naming the key.
    public func validate() throws {
        try run.validate()
        func check(_ isGood: Bool, _ key: String, _ need: String) throws(TrainingError) {
            guard isGood else {
                throw TrainingError(.badConfig, "configuration: the key \(key) needs \(need)")
            }
        }
        do {
            try generator.validate()
        } catch { throw TrainingError(.badConfig, "configuration: the key generator.\(error)") }
        do {
            try encoder.validate()
        } catch { throw TrainingError(.badConfig, "configuration: the key encoder.\(error)") }
        try check(batch >= 2 && batch % 2 == 0, "batch", "an even number from 2 up, got \(batch)")
        try check(generator.layout == .rosinality, "generator.layout", "rosinality")
        try check(
            generator.mappingLayers == 0,
            "generator.mappingLayers",
            "0: codes come from the encoder, no mapping network is trained"
        )
        try check(
            encoder.styleCount == generator.layerCount && encoder.styleDim == generator.styleDim,
            "encoder.styleCount",
            "\(generator.layerCount) styles of \(generator.styleDim), as the generator has"
        )
        try check(
            encoder.inputSize == generator.height && generator.height == generator.width,
            "encoder.inputSize",
            "the generator's size, square"
        )
        try check(
            (0..<generator.layerCount).contains(fineLayers),
            "fineLayers",
            "0 to \(generator.layerCount - 1)"
        )
        try check((0...1).contains(swapProbability), "swapProbability", "0 to 1")
        try check(encoderRateFactor > 0, "encoderRateFactor", "a positive number")
        try check(precision.isNative, "precision", "f32: this processor does not multiply bf16")
        let terms = [
            weights.absolute, weights.coarse, weights.gradient, weights.square, weights.code,
            weights.figure, weights.background,
        ]
        try check(terms.allSatisfy { $0 >= 0 && $0.isFinite }, "weights", "numbers from 0 up")
    }
}
