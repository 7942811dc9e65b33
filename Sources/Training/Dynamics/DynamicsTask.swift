internal import Gradients
internal import Kernels
public import Models
internal import ODE
public import Packs
public import Tensors

/// Trains `f_D`, the latent ODE and `f_G` of a pack; G, CLIP and DINO are frozen.
///
/// Style codes, text features and class tokens of clips are found once and kept; they depend on frozen networks only.
public final class DynamicsTask: TrainingTask {
    /// What is asked for.
    public let config: DynamicsTrainingConfig
    /// Of `f_D`, the ODE and `f_G`, named as in the reference checkpoint.
    public let parameters: Parameters
    /// What the data or the pack lack, in words: terms that are off.
    public let notices: [String]
    /// The sizes of `f_D` and the ODE.
    public let dynamicsConfig: DynamicsConfig
    /// The sizes of `f_G`.
    public let modulationConfig: ModulationConfig
    package let objective: DynamicsObjective
    let clips: any TrainingClips
    private let terms: DynamicsTrainingConfig.ObjectiveConfig
    private let hasTexts: Bool
    private let tokenize: (String) throws -> [Int32]
    private var kept: [Int: ClipFeatures] = [:]
    private var frameFeatures: [FrameName: Tensor<Float>] = [:]

    private struct FrameName: Hashable {
        let clip: Int
        let frame: Int
    }

    /// What frozen networks say about a clip.
    struct ClipFeatures {
        /// When its frames are shown.
        let times: [Double]
        /// `z_C [L, D]`.
        let content: Tensor<Float>
        /// `CLIP_I(G(z_C)) [E]`.
        let style: Tensor<Float>
        /// `[D]`, DINO's of `G(z_C)`.
        let classToken: Tensor<Float>?
        /// `CLIP_T` of its caption, `[E]`.
        let text: Tensor<Float>?
    }

    /// Networks that a training goes through, by their weights.
    public struct Frozen {
        /// G.
        public var generator: TrainableGenerator
        /// CLIP.
        public var clip: TrainableCLIP
        /// DINO; LA and LS are off without it.
        public var dino: TrainableDINO?
        /// Texts to token ids; the text terms are off without it.
        public var tokenize: ((String) throws -> [Int32])?

        /// Collects the networks.
        public init(
            generator: TrainableGenerator,
            clip: TrainableCLIP,
            dino: TrainableDINO?,
            tokenize: ((String) throws -> [Int32])?
        ) {
            self.generator = generator
            self.clip = clip
            self.dino = dino
            self.tokenize = tokenize
        }
    }

    /// Prepares a training with the networks of a pack.
    ///
    /// - Parameters:
    ///   - config: What is asked for.
    ///   - pack: Has generator and CLIP at least.
    ///   - clips: What is learned from.
    /// - Throws: `TrainingError`, `PackError`, or what the clips throw.
    public convenience init(
        _ config: DynamicsTrainingConfig,
        pack: Pack,
        clips: any TrainingClips
    ) throws {
        let manifest = pack.manifest
        guard let clip = manifest.clip else {
            throw TrainingError(
                .badConfig,
                "pack \"\(manifest.name)\" has no CLIP, which gives the style codes; train one with "
                    + "vsdb train clip"
            )
        }
        guard let dynamics = config.dynamics ?? manifest.dynamics?.config,
            let modulation = config.modulation ?? manifest.dynamics?.modulation
        else {
            throw TrainingError(
                .badConfig,
                "pack \"\(manifest.name)\" has no dynamics whose sizes could be used; give the keys "
                    + "dynamics and modulation in the configuration"
            )
        }
        func frozen(_ file: PackManifest.WeightFile) throws -> Parameters {
            Parameters(try pack.weights(file), isTrained: false)
        }
        let tokenizer = clip.readsText ? try pack.tokenizer() : nil
        let context = clip.config.context
        try self.init(
            config,
            frozen: Frozen(
                generator: try TrainableGenerator(
                    manifest.generator.config,
                    frozen(manifest.generator.weights)
                ),
                clip: try TrainableCLIP(clip.config, frozen(clip.weights)),
                dino: try manifest.dino.map {
                    try TrainableDINO($0.config, frozen($0.weights))
                },
                tokenize: tokenizer.map { tokenizer in
                    { try tokenizer.encode($0, contextLength: context, truncating: true) }
                }
            ),
            dynamics: dynamics,
            modulation: modulation,
            weights: try config.startsFromPack
                ? manifest.dynamics.map { try pack.weights($0.weights) } : nil,
            clips: clips
        )
    }

    /// Prepares a training.
    ///
    /// - Parameters:
    ///   - config: What is asked for.
    ///   - frozen: The networks that are not trained.
    ///   - dynamics: The sizes of `f_D` and the ODE.
    ///   - modulation: The sizes of `f_G`, before the ablation.
    ///   - weights: What is started from; what it lacks starts from the seed.
    ///   - clips: What is learned from.
    /// - Throws: `TrainingError`, `ConfigError`, `WeightError`, or what the clips throw.
    public init(
        _ config: DynamicsTrainingConfig,
        frozen: Frozen,
        dynamics: DynamicsConfig,
        modulation: ModulationConfig,
        weights: Weights?,
        clips: any TrainingClips
    ) throws {
        try config.validate()
        guard clips.count >= config.clips, clips.count > 0 else {
            throw TrainingError(
                .badData,
                "\(clips.count) clips of this pack (and tags) were found, and a step takes "
                    + "\(config.clips); ingest more with vsdb ingest --pack, or "
                    + "lower the key clips"
            )
        }
        self.config = config
        self.clips = clips
        dynamicsConfig = dynamics
        modulationConfig = config.effective(modulation)
        frozen.generator.precision = config.generatorPrecision
        let parameters = Parameters(weights, isTrained: true, seed: config.run.seed)
        self.parameters = parameters
        let dynamicsNetwork = try TrainableDynamics(dynamics, parameters)
        dynamicsNetwork.solveGradient = config.solveGradient
        var (terms, notices) = (config.effectiveObjective, [String]())
        if frozen.dino == nil, terms.appearance.isUsed || terms.structure.isUsed {
            notices.append("the pack has no DINO: the terms LA and LS are off")
            (terms.appearance, terms.structure) = (Schedule(0), Schedule(0))
        }
        let missing = (0..<clips.count).count { clips.caption(of: $0) == nil }
        hasTexts = missing == 0 && frozen.tokenize != nil && config.clips > 1
        if !hasTexts, terms.directional.isUsed {
            let reason =
                missing > 0
                ? "\(missing) of \(clips.count) clips have no caption"
                : frozen.tokenize == nil
                    ? "the pack has no vocabulary" : "a step of one clip has no other description"
            notices.append("\(reason): the text terms are off")
        }
        let blocks = frozen.dino?.config.layers ?? 12
        let structureLayer = terms.structureLayer ?? blocks - 1
        objective = try DynamicsObjective(
            DynamicsNetworks(
                dynamics: dynamicsNetwork,
                modulation: try TrainableModulation(modulationConfig, parameters),
                mapper: try TrainableMapper(modulationConfig, parameters),
                generator: frozen.generator,
                clip: frozen.clip,
                dino: terms.appearance.isUsed || terms.structure.isUsed ? frozen.dino : nil
            ),
            variant: terms.variant,
            strength: terms.strength,
            latentMargin: terms.latentMargin,
            structureLayer: structureLayer,
            appearanceLayer: terms.appearanceLayer ?? max(0, structureLayer - 3),
            dinoSide: terms.dinoSide
        )
        self.terms = terms
        self.notices = notices
        tokenize = frozen.tokenize ?? { _ in [] }
        try checkFit(frozen)
    }

    /// Refuses networks that do not fit each other, before the first step is half done.
    private func checkFit(_ frozen: Frozen) throws {
        let modulation = modulationConfig
        let layers = modulation.groups.reduce(0, +)
        let needs: [(key: String, has: Int, wanted: Int)] = [
            ("modulation.groups", layers, frozen.generator.layerCount),
            ("modulation.styleDim", modulation.styleDim, frozen.generator.config.styleDim),
            ("modulation.width", modulation.width, frozen.clip.config.embedDim),
            ("dynamics.projectedChannels", dynamicsConfig.projectedChannels, modulation.width),
        ]
        for need in needs where need.has != need.wanted {
            throw TrainingError.key(need.key, "\(need.wanted) to fit the pack, has \(need.has)")
        }
        let cells = dynamicsConfig.gridHeight * dynamicsConfig.gridWidth
        guard cells <= modulation.positions else {
            throw TrainingError.key(
                "modulation.positions",
                "at least the \(cells) cells of the grid"
            )
        }
        for clip in 0..<clips.count {
            let count = try clips.times(of: clip).count
            guard count >= config.sampling.leastFrames else {
                throw TrainingError(
                    .badData,
                    "clip \(clip + 1) of \(clips.count) has \(count) frames, and a step may look at "
                        + "\(config.sampling.leastFrames); lower the keys sampling.observed and "
                        + "sampling.drawn, or leave it out"
                )
            }
        }
    }

    /// Adam as in the authors' code: `f_D` and the ODE faster, with a longer memory of squares.
    public var groups: [ParameterGroup] {
        [
            ParameterGroup(
                prefixes: ["bVAE_enc."],
                rateFactor: config.dynamicsRateFactor,
                beta2: 0.999
            ),
            ParameterGroup(prefixes: ["modulation_network.", "style_mapper."], beta2: 0.99),
        ]
    }

    /// Draws clips and frames, and computes the objective and its gradients.
    public func step(_ step: Int, random: inout SeededRandom) throws -> StepResult {
        let weights = terms.weights(at: step, of: config.run.steps)
        let batch = try batch(weights, random: &random)
        let terms: DynamicsObjective.Terms
        do {
            terms = try objective(batch, weights)
        } catch is SolveError {
            // A field that cannot be solved has diverged, as a loss has that is not a number.
            return StepResult(losses: [("total", .nan)], images: batch.real.shape[0])
        }
        terms.total.backward()
        return StepResult(
            losses: [("total", Double(terms.total.number))]
                + terms.terms.map { ($0.name, Double($0.value.number)) },
            images: batch.real.shape[0]
        )
    }

    /// Draws the clips and frames of a step.
    package func batch(_ weights: ObjectiveWeights, random: inout SeededRandom) throws
        -> DynamicsBatch
    {
        let chosen = Array(Array(0..<clips.count).shuffled(using: &random).prefix(config.clips))
        let counts = config.sampling.counts(random: &random)
        let features = try chosen.map { try self.features(of: $0) }
        let choices = features.map {
            config.sampling.choose($0.times, counts, random: &random)
        }
        let clipFrames = random.choose(min(terms.clipFrames, counts.drawn), of: counts.drawn)
        let observed = try zip(chosen, choices).map { try clips.frames(of: $0, $1.observed) }
        let drawn = try zip(chosen, choices).map { try clips.frames(of: $0, $1.drawn) }
        let observedTimes = zip(features, choices).map { clip, choice in
            choice.observed.map { Float(clip.times[$0] - clip.times[choice.observed[0]]) }
        }
        var batch = DynamicsBatch(
            observed: try encoderFrames(timeByTime(observed)),
            observedTimes: observedTimes,
            queryTimes: zip(features, choices).map { clip, choice in
                // As the observed times are: float32, then widened.
                choice.drawn.map { Double(Float(clip.times[$0] - clip.times[choice.observed[0]])) }
            },
            real: timeByTime(drawn),
            contents: .stack(features.map(\.content)),
            styles: .stack(features.map(\.style)),
            clipFrames: clipFrames
        )
        let tokens = features.compactMap(\.classToken)
        if tokens.count == features.count { batch.classTokens = .stack(tokens) }
        // The target description is drawn while its own term is still off: the other terms see those pictures too.
        if hasTexts, terms.directional.isUsed {
            let texts = features.compactMap(\.text)
            batch.texts = (
                .stack(texts),
                .stack(texts.indices.map { texts[($0 + texts.count - 1) % texts.count] })
            )
        }
        if batch.texts != nil, weights.directional > 0 {
            batch.realFeatures = .stack(
                try zip(chosen, choices).flatMap { clip, choice in
                    try clipFrames.map { try frameFeature(clip, choice.drawn[$0]) }
                }
            )
        }
        if weights.codes > 0 {
            batch.codes = timeByTime(
                try zip(chosen, choices).map { try clips.codes(of: $0, $1.drawn) }
            )
        }
        return batch
    }

    /// `[B][n, ...]` to `[n * B, ...]`, row `t * B + b`.
    private func timeByTime<Scalar>(_ parts: [Tensor<Scalar>]) -> Tensor<Scalar> {
        .stack((0..<parts[0].shape[0]).flatMap { time in parts.map { $0[time] } })
    }

    /// Pixels as fractions.
    private func timeByTime(_ parts: [Tensor<UInt8>]) -> Tensor<Float> {
        let pixels: Tensor<UInt8> = timeByTime(parts)
        return Self.fractions(pixels)
    }

    static func fractions(_ pixels: Tensor<UInt8>) -> Tensor<Float> {
        Tensor(uninitialized: pixels.shape) { out in
            pixels.scalars.withUnsafeBufferPointer { pixels in
                for index in pixels.indices {
                    out.initializeElement(at: index, to: Float(pixels[index]) / 255)
                }
            }
        }
    }

    /// Frames at the encoder's size.
    func encoderFrames(_ frames: Tensor<Float>) throws -> Tensor<Float> {
        DifferentiableResizing.bicubicPlain(
            Variable(frames),
            height: dynamicsConfig.imageHeight,
            width: dynamicsConfig.imageWidth
        ).value
    }

    /// What the frozen networks say about a clip; found one clip at a time, so that a resumed run finds the same bits.
    func features(of clip: Int) throws -> ClipFeatures {
        if let known = kept[clip] { return known }
        let content = try clips.content(of: clip)
        let layers = objective.networks.generator.layerCount
        guard content.shape == [layers, modulationConfig.styleDim] else {
            throw TrainingError(
                .badData,
                "the content code of clip \(clip + 1) is \(content.shape), the generator takes "
                    + "[\(layers), \(modulationConfig.styleDim)]; it was made with another pack"
            )
        }
        let picture = objective.networks.generator(
            Variable(content.reshaped([1] + content.shape))
        )
        let features = ClipFeatures(
            times: try clips.times(of: clip),
            content: content,
            style: objective.networks.clipFeatures(picture).value[0],
            classToken: terms.appearance.isUsed
                ? objective.classTokens(picture)?.value[0] : nil,
            text: hasTexts
                ? try clips.caption(of: clip).map {
                    objective.networks.clip.encode(texts: [try tokenize($0)]).value[0]
                } : nil
        )
        if kept.count < Self.keptClips { kept[clip] = features }
        return features
    }

    /// How many clips and frames keep what was found, some hundred MB at published sizes; beyond, it is found again.
    private static let (keptClips, keptFrames) = (10_000, 200_000)

    /// CLIP's feature of a real frame, `[E]`.
    private func frameFeature(_ clip: Int, _ frame: Int) throws -> Tensor<Float> {
        let name = FrameName(clip: clip, frame: frame)
        if let known = frameFeatures[name] { return known }
        let pixels = Self.fractions(try clips.frames(of: clip, [frame]))
        let feature = objective.networks.clipFeatures(Variable(pixels).scaled(2, plus: -1)).value[0]
        if frameFeatures.count < Self.keptFrames { frameFeatures[name] = feature }
        return feature
    }
}
