public import Gradients
public import Models
public import Tensors

/// What a training of the dynamics and the conditional model is asked for.
///
/// JSON with the property names as keys; unknown keys are refused. Source: spec section 7; paper section 4.1.
public struct DynamicsTrainingConfig: Codable, Sendable, Hashable {
    /// Steps, seed, learning rate of `f_G`, clipping, averaging, log and checkpoints.
    public var run: RunConfig
    /// B, the clips of a step; at least 2 for the text terms.
    public var clips: Int
    /// Which frames of them.
    public var sampling: FrameSampling
    /// The terms and their weights.
    public var objective: ObjectiveConfig
    /// What `f_D` and the ODE learn faster than `f_G`: 5 in the authors' code.
    public var dynamicsRateFactor: Double
    /// How the gradient of the ODE is found.
    public var solveGradient: SolveGradient
    /// What the frozen generator's convolutions multiply in.
    public var generatorPrecision: Precision
    /// Whether training goes on from the pack's own dynamics, if it has any; else from the seed.
    public var startsFromPack: Bool
    /// The sizes of `f_D` and the ODE; the pack's if nil.
    public var dynamics: DynamicsConfig?
    /// The sizes of `f_G`; the pack's if nil.
    public var modulation: ModulationConfig?
    /// A row of the paper's table 3; the whole method if nil.
    public var ablation: Ablation?

    /// What is left out.
    public enum Ablation: String, Codable, Sendable, CaseIterable {
        /// LC.
        case withoutConsistency
        /// The mapper gives codes `z_t` themselves instead of offsets from `z_C`.
        case withoutDirections
        /// LA.
        case withoutAppearance
        /// LS.
        case withoutStructure
        /// Attention: the mapper sees the style code plus the mean of the dynamics tokens.
        case withoutConditionalModel
    }

    /// The terms and their weights.
    public struct ObjectiveConfig: Codable, Sendable, Hashable {
        /// Whose formulas.
        public var variant: ObjectiveVariant
        /// alpha: 1 in the paper's tables, 2 in the authors' code.
        public var strength: Float
        /// What the authors' hinge of LL leaves free.
        public var latentMargin: Float
        /// lC.
        public var consistency: Schedule
        /// lA.
        public var appearance: Schedule
        /// lS.
        public var structure: Schedule
        /// lD.
        public var directional: Schedule
        /// lL.
        public var latent: Schedule
        /// Of a reconstruction in pictures.
        public var reconstruction: Schedule
        /// Of a reconstruction in W+.
        public var codes: Schedule
        /// The block of DINO whose keys describe the structure; the last if nil.
        public var structureLayer: Int?
        /// The block of DINO whose class token describes the appearance; the last but three if nil.
        public var appearanceLayer: Int?
        /// The shorter side of the pictures that DINO sees: 244 in the reference.
        public var dinoSide: Int
        /// How many of the drawn frames CLIP sees: 3 in the reference.
        public var clipFrames: Int
    }

    /// The paper's objective: means, lA = lS = 10 with trade-off 0.5, lD = 2, lL = 1, lC from 0.01 to 1 in 40,000 steps.
    ///
    /// - Parameters:
    ///   - steps: The length of the run.
    ///   - window: The longest part of a clip, in units of t.
    /// - Returns: The configuration.
    public static func paper(steps: Int, window: Double) -> DynamicsTrainingConfig {
        DynamicsTrainingConfig(
            run: RunConfig(steps: steps, learningRate: Schedule(1e-4, warmUp: 100), clipNorm: 10),
            clips: 4,
            sampling: FrameSampling(window: window),
            objective: ObjectiveConfig(
                variant: .paper,
                strength: 1,
                latentMargin: 0.02,
                consistency: Schedule(0.01, to: 1, shape: .linear, end: 40_000),
                appearance: Schedule(5),
                structure: Schedule(5),
                directional: Schedule(2),
                latent: Schedule(1),
                reconstruction: Schedule(0),
                codes: Schedule(0),
                dinoSide: 244,
                clipFrames: 3
            ),
            dynamicsRateFactor: 5,
            solveGradient: .solver,
            generatorPrecision: .float32,
            startsFromPack: true
        )
    }

    /// The authors' configuration for Fashion: sums, 8 and 2 of 10 on LS and LA, lD to 2.5, a late reconstruction.
    ///
    /// Source: VidStyleODE `configs/fashion/base.yaml`.
    public static func authors(steps: Int, window: Double) -> DynamicsTrainingConfig {
        var config = paper(steps: steps, window: window)
        config.run.learningRate = Schedule(2e-6 * 3)
        config.run.clipNorm = nil
        config.clips = 3
        config.sampling.observed = [8, 8]
        config.sampling.irregularShare = 1
        config.sampling.drawn = [4, 4]
        config.objective.variant = .authors
        config.objective.strength = 2
        config.objective.appearance = Schedule(2)
        config.objective.structure = Schedule(8)
        config.objective.directional = Schedule(
            0.01,
            to: 2.5,
            shape: .linear,
            warmUp: 5000,
            beforeWarmUp: 0,
            end: 200_000
        )
        config.objective.reconstruction = Schedule(
            0.01,
            to: 0.1,
            shape: .linear,
            warmUp: 50_000,
            beforeWarmUp: 0,
            end: 100_000
        )
        return config
    }

    /// Checks the numbers.
    ///
    /// - Throws: `TrainingError`, `.badConfig`, naming the key.
    public func validate() throws(TrainingError) {
        try run.validate()
        try sampling.validate()
        guard (1...256).contains(clips) else {
            throw TrainingError.key("clips", "a number from 1 to 256")
        }
        guard dynamicsRateFactor > 0, dynamicsRateFactor.isFinite else {
            throw TrainingError.key("dynamicsRateFactor", "a positive number")
        }
        guard objective.strength.isFinite, objective.latentMargin.isFinite else {
            throw TrainingError.key("objective.strength", "a finite number")
        }
        guard (1...16).contains(objective.clipFrames) else {
            throw TrainingError.key("objective.clipFrames", "a number from 1 to 16")
        }
        guard (16...1024).contains(objective.dinoSide) else {
            throw TrainingError.key("objective.dinoSide", "a number from 16 to 1024")
        }
        for (key, schedule) in objective.schedules {
            let values = [schedule.first, schedule.last ?? 0, schedule.beforeWarmUp ?? 0]
            guard values.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
                throw TrainingError.key("objective." + key, "weights from 0 up")
            }
        }
        guard objective.schedules.contains(where: { $0.schedule.isUsed }) else {
            throw TrainingError.key("objective", "a term whose weight is not 0")
        }
        do {
            try dynamics?.validate()
            try modulation?.validate()
        } catch {
            throw TrainingError(.badConfig, "configuration: the key \(error)")
        }
    }
}

extension DynamicsTrainingConfig.ObjectiveConfig {
    var schedules: [(key: String, schedule: Schedule)] {
        [
            ("consistency", consistency), ("appearance", appearance), ("structure", structure),
            ("directional", directional), ("latent", latent),
            ("reconstruction", reconstruction), ("codes", codes),
        ]
    }

    /// The weights at a step, counted from 0, of a run of `total` steps.
    func weights(at step: Int, of total: Int) -> ObjectiveWeights {
        var weights = ObjectiveWeights()
        weights.consistency = consistency.value(at: step, of: total)
        weights.appearance = appearance.value(at: step, of: total)
        weights.structure = structure.value(at: step, of: total)
        weights.directional = directional.value(at: step, of: total)
        weights.latent = latent.value(at: step, of: total)
        weights.reconstruction = reconstruction.value(at: step, of: total)
        weights.codes = codes.value(at: step, of: total)
        return weights
    }
}

extension DynamicsTrainingConfig {
    /// The terms that are left after the ablation.
    var effectiveObjective: ObjectiveConfig {
        var objective = objective
        switch ablation {
        case .withoutConsistency: objective.consistency = Schedule(0)
        case .withoutAppearance: objective.appearance = Schedule(0)
        case .withoutStructure: objective.structure = Schedule(0)
        case .withoutDirections, .withoutConditionalModel, nil: break
        }
        return objective
    }

    /// The sizes of `f_G` after the ablation.
    func effective(_ modulation: ModulationConfig) -> ModulationConfig {
        var modulation = modulation
        switch ablation {
        case .withoutDirections: modulation.predictsCodes = true
        case .withoutConditionalModel:
            modulation.selfAttentionLayers = 0
            modulation.crossAttentionLayers = 0
        case .withoutConsistency, .withoutAppearance, .withoutStructure, nil: break
        }
        return modulation
    }
}

extension Schedule {
    /// Whether it is ever above 0.
    var isUsed: Bool { first > 0 || (last ?? 0) > 0 || (beforeWarmUp ?? 0) > 0 }
}
