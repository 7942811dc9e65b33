public import Gradients
public import Kernels
public import Models
internal import Tensors

/// The weights of the terms at one step.
public struct ObjectiveWeights: Sendable, Hashable {
    /// lC.
    public var consistency: Double = 0
    /// lA.
    public var appearance: Double = 0
    /// lS.
    public var structure: Double = 0
    /// lD.
    public var directional: Double = 0
    /// lL.
    public var latent: Double = 0
    /// Of the squared difference from the real pictures.
    public var reconstruction: Double = 0
    /// Of the squared difference from the codes of the real pictures.
    public var codes: Double = 0

    /// All weights are 0.
    public init() {}
}

/// The objective of VidStyleODE: a batch of clips to a loss with gradients.
///
/// `L = lC LC + lA LA + lS LS + lD LD + lL LL`, and a direct reconstruction if it is wanted. Every frame is drawn twice:
/// as it is, and under the description of another clip. Source: paper equations (6) to (10); spec section 7.
public struct DynamicsObjective {
    /// The networks.
    public let networks: DynamicsNetworks
    /// Where the paper and the authors' code differ.
    public let variant: ObjectiveVariant
    /// alpha, the strength of the description.
    public let strength: Float
    /// What the authors' hinge of LL leaves free.
    public let latentMargin: Float
    /// The block whose keys describe the structure.
    public let structureLayer: Int
    /// The block whose class token describes the appearance.
    public let appearanceLayer: Int
    /// The shorter side of DINO's pictures in pixels.
    public let dinoSide: Int

    /// Prepares the objective.
    ///
    /// - Throws: `ConfigError` if DINO has too few blocks.
    public init(
        _ networks: DynamicsNetworks,
        variant: ObjectiveVariant,
        strength: Float,
        latentMargin: Float,
        structureLayer: Int = 11,
        appearanceLayer: Int = 8,
        dinoSide: Int = 244
    ) throws(ConfigError) {
        for (key, layer) in [
            ("structureLayer", structureLayer), ("appearanceLayer", appearanceLayer),
        ] {
            if let count = networks.dino?.config.layers, !(0..<count).contains(layer) {
                throw ConfigError(key, "needs 0..<\(count), got \(layer)")
            }
        }
        self.networks = networks
        self.variant = variant
        self.strength = strength
        self.latentMargin = latentMargin
        self.structureLayer = structureLayer
        self.appearanceLayer = appearanceLayer
        self.dinoSide = dinoSide
    }

    /// The terms of a batch, by name, unweighted, and their weighted sum.
    public struct Terms {
        /// What is differentiated, `[]`.
        public let total: Variable<Float>
        /// Each term, `[]`.
        public let terms: [(name: String, value: Variable<Float>)]
        /// The codes that were drawn: `[S * k * B, L, D]`, those as they are first.
        package let codes: Variable<Float>
        /// The pictures, `[S * k * B, H, W, 3]`.
        package let pictures: Variable<Float>?
        package let tokens: Variable<Float>
    }

    /// What frames look like to CLIP: pictures `[k * B, H, W, 3]`, time by time, to `[B * n, E]`, clip by clip.
    private func features(_ pictures: Variable<Float>, _ frames: [Int], clips: Int)
        -> Variable<Float>
    {
        networks.clipFeatures(
            pictures.picking((0..<clips).flatMap { clip in frames.map { $0 * clips + clip } })
        )
    }

    /// DINO's class tokens of pictures `[N, H, W, 3]` in -1...1, as LA compares them: `[N, D]`.
    public func classTokens(_ pictures: Variable<Float>) -> Variable<Float>? {
        networks.dino.map { dino in
            dino(prepared(pictures), depth: appearanceLayer + 1).classTokens(layer: appearanceLayer)
        }
    }

    private func prepared(_ pictures: Variable<Float>) -> Variable<Float> {
        DifferentiableResizing.splice(pictures.scaled(0.5, plus: 0.5), shorterSide: dinoSide)
    }

    /// Computes the loss of a batch.
    ///
    /// - Parameters:
    ///   - batch: The clips.
    ///   - weights: Terms of weight 0 are not computed.
    /// - Returns: The terms, with a graph behind them.
    /// - Throws: `SolveError`.
    public func callAsFunction(_ batch: DynamicsBatch, _ weights: ObjectiveWeights) throws
        -> Terms
    {
        let clips = batch.contents.shape[0]
        let rows = batch.queryTimes[0].count * clips
        let clipOfRow = (0..<rows).map { $0 % clips }
        let dynamics = networks.dynamics
        let z0 = dynamics.encode(Variable(batch.observed), times: batch.observedTimes)
        let tokens = dynamics.project(try dynamics.solve(from: z0, at: batch.queryTimes))
        let contents = Variable(batch.contents)
        let codes = networks.codes(
            contents: contents,
            styles: Variable(styles(batch)),
            tokens: tokens,
            clips: clipOfRow
        )
        var sum = Sum()
        addLatent(&sum, codes, contents.picking(clipOfRow), batch, weights)
        var pictures: Variable<Float>?
        if weights.needsPictures {
            let drawn = networks.generator(codes)
            pictures = drawn
            addPictures(&sum, drawn, rows: rows, clips: clips, batch, weights)
        }
        return Terms(
            total: sum.total,
            terms: sum.terms,
            codes: codes,
            pictures: pictures,
            tokens: tokens
        )
    }

    /// The style codes of a batch, `[B, S, E]`: as it is and, with captions, under the target description.
    private func styles(_ batch: DynamicsBatch) -> Tensor<Float> {
        let (clips, width) = (batch.styles.shape[0], batch.styles.shape[1])
        guard let texts = batch.texts else { return batch.styles.reshaped([clips, 1, width]) }
        return .stack(
            (0..<clips).map { clip in
                .stack([
                    batch.styles[clip],
                    StyleDirection.apply(
                        from: texts.source[clip],
                        to: texts.target[clip],
                        alpha: strength,
                        style: batch.styles[clip]
                    ),
                ])
            }
        )
    }

    private struct Sum {
        var terms: [(name: String, value: Variable<Float>)] = []
        private var weighted: [(Float, Variable<Float>)] = []

        mutating func add(_ name: String, _ value: Variable<Float>, _ weight: Double) {
            terms.append((name, value))
            weighted.append((Float(weight), value))
        }

        var total: Variable<Float> {
            weighted.isEmpty
                ? Variable(Tensor(shape: [], scalars: [0])) : .combination(weighted)
        }
    }

    private func addLatent(
        _ sum: inout Sum,
        _ codes: Variable<Float>,
        _ contents: Variable<Float>,
        _ batch: DynamicsBatch,
        _ weights: ObjectiveWeights
    ) {
        let rows = contents.shape[0]
        if weights.latent > 0 {
            let terms = stride(from: 0, to: codes.shape[0], by: rows).map { first in
                // The authors' code leaves half the margin to the codes as they are.
                FeatureLosses.latent(
                    codes.entries(first..<first + rows),
                    contents,
                    margin: first == 0 ? latentMargin / 2 : latentMargin,
                    variant
                )
            }
            sum.add("latent", .combination(terms.map { (1, $0) }), weights.latent)
        }
        if weights.codes > 0, let wanted = batch.codes {
            let own = codes.entries(0..<rows)
            sum.add("codes", FeatureLosses.meanSquare(own, Variable(wanted)), weights.codes)
        }
    }

    private func addPictures(
        _ sum: inout Sum,
        _ drawn: Variable<Float>,
        rows: Int,
        clips: Int,
        _ batch: DynamicsBatch,
        _ weights: ObjectiveWeights
    ) {
        let real = Variable(batch.real).scaled(2, plus: -1)
        let resized = DifferentiableResizing.bicubicPlain(
            drawn,
            height: real.shape[1],
            width: real.shape[2]
        )
        if weights.reconstruction > 0 {
            sum.add(
                "reconstruction",
                FeatureLosses.meanSquare(resized.entries(0..<rows), real),
                weights.reconstruction
            )
        }
        addSplice(&sum, resized, real, rows: rows, clips: clips, batch, weights)
        addCLIP(&sum, drawn, resized, real, rows: rows, clips: clips, batch, weights)
    }

    private func addSplice(
        _ sum: inout Sum,
        _ drawn: Variable<Float>,
        _ real: Variable<Float>,
        rows: Int,
        clips: Int,
        _ batch: DynamicsBatch,
        _ weights: ObjectiveWeights
    ) {
        let needsStructure = weights.structure > 0
        guard let dino = networks.dino, needsStructure || weights.appearance > 0 else { return }
        let depth = 1 + max(needsStructure ? structureLayer : 0, appearanceLayer)
        let seen = dino(prepared(drawn), depth: needsStructure ? depth : appearanceLayer + 1)
        if needsStructure {
            let keys = dino(prepared(real), depth: structureLayer + 1).keys[structureLayer]
            let repeats = drawn.shape[0] / rows
            let wanted =
                repeats == 1
                ? keys : .concatenated([Variable<Float>](repeating: keys, count: repeats))
            // Over all pictures: as they are, and under the target description.
            let mean = FeatureLosses.structure(seen.keys[structureLayer], wanted, variant)
            sum.add("structure", mean, weights.structure)
        }
        if weights.appearance > 0, let tokens = batch.classTokens {
            sum.add(
                "appearance",
                FeatureLosses.appearance(
                    seen.classTokens(layer: appearanceLayer).entries(0..<rows),
                    Variable(tokens).picking((0..<rows).map { $0 % clips }),
                    variant
                ),
                weights.appearance
            )
        }
    }

    private func addCLIP(
        _ sum: inout Sum,
        _ drawn: Variable<Float>,
        _ resized: Variable<Float>,
        _ real: Variable<Float>,
        rows: Int,
        clips: Int,
        _ batch: DynamicsBatch,
        _ weights: ObjectiveWeights
    ) {
        let (frames, count) = (batch.clipFrames, batch.clipFrames.count)
        let hasTarget = batch.texts != nil
        let needsDirection = weights.directional > 0 && hasTarget
        guard weights.consistency > 0 || needsDirection else { return }
        // LC looks at the pictures as they were drawn, LD at the size of the clips; if both are one, CLIP looks once.
        let isOneSize = resized === drawn
        let needsOwn = weights.consistency > 0
        let own = needsOwn ? features(drawn.entries(0..<rows), frames, clips: clips) : nil
        let edited =
            hasTarget && (needsOwn || isOneSize)
            ? features(drawn.entries(rows..<2 * rows), frames, clips: clips) : nil
        if let own {
            let terms = [own, edited].compactMap { $0 }.map {
                FeatureLosses.consistency($0, count: count, variant)
            }
            sum.add("consistency", .combination(terms.map { (1, $0) }), weights.consistency)
        }
        if needsDirection, let texts = batch.texts {
            let generated =
                isOneSize
                ? edited : features(resized.entries(rows..<2 * rows), frames, clips: clips)
            let wanted =
                batch.realFeatures.map { Variable($0) } ?? features(real, frames, clips: clips)
            guard let generated else { return }
            sum.add(
                "directional",
                FeatureLosses.directional(
                    real: wanted,
                    generated: generated,
                    count: count,
                    source: Variable(texts.source),
                    target: Variable(texts.target)
                ),
                weights.directional
            )
        }
    }
}

extension ObjectiveWeights {
    /// Whether a term asks for pictures.
    var needsPictures: Bool {
        consistency > 0 || appearance > 0 || structure > 0 || directional > 0 || reconstruction > 0
    }
}
