public import Gradients
public import Kernels
internal import Models
internal import Tensors

/// The networks of a training of the dynamics: three that are trained, and those that they are trained through.
public struct DynamicsNetworks {
    /// `f_D`, the latent ODE and the projection.
    public let dynamics: TrainableDynamics
    /// The attention part of `f_G`.
    public let modulation: TrainableModulation
    /// The modulation part of `f_G`.
    public let mapper: TrainableMapper
    /// G; frozen.
    public let generator: TrainableGenerator
    /// CLIP; frozen.
    public let clip: TrainableCLIP
    /// DINO, frozen; nil without the terms LA and LS.
    public let dino: TrainableDINO?

    /// Collects the networks.
    public init(
        dynamics: TrainableDynamics,
        modulation: TrainableModulation,
        mapper: TrainableMapper,
        generator: TrainableGenerator,
        clip: TrainableCLIP,
        dino: TrainableDINO?
    ) {
        self.dynamics = dynamics
        self.modulation = modulation
        self.mapper = mapper
        self.generator = generator
        self.clip = clip
        self.dino = dino
    }

    /// The codes of frames.
    ///
    /// - Parameters:
    ///   - contents: `z_C [B, L, D]`.
    ///   - styles: `z_S [B, S, E]`, S style codes for each clip.
    ///   - tokens: `[N, P, E]`, the projected states.
    ///   - clips: The clip of each of the N rows.
    /// - Returns: `w [S * N, L, D]`, all rows of a style before those of the next.
    public func codes(
        contents: Variable<Float>,
        styles: Variable<Float>,
        tokens: Variable<Float>,
        clips: [Int]
    ) -> Variable<Float> {
        let count = styles.shape[1]
        let conditions = modulation(tokens: tokens, styles: styles, clips: clips)
        let deltas = mapper(contents, conditions, clips: clips).picking(
            (0..<count).flatMap { style in clips.indices.map { $0 * count + style } }
        )
        if modulation.config.predictsCodes ?? false { return deltas }
        return .sum(
            contents.picking([[Int]](repeating: clips, count: count).flatMap { $0 }),
            deltas,
            1,
            modulation.config.deltaScale
        )
    }

    /// CLIP's features of pictures `[N, H, W, 3]` in -1...1: `[N, E]`.
    public func clipFeatures(_ images: Variable<Float>) -> Variable<Float> {
        clip.encode(
            images: DifferentiableResizing.clip(images, resolution: clip.config.imageSize)
        )
    }
}
