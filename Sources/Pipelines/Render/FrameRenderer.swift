internal import Media
internal import Models
internal import Tensors

/// From states of the ODE to pictures, some at a time; a frame does not depend on which frames stand beside it.
struct FrameRenderer {
    let scene: Scene
    let generator: StyleGAN2Generator
    let model: ConditionalModel
    let ode: LatentODE
    let synthesis: SynthesisOptions

    /// Pixels per batch up to which weights, not activations, dominate the generator's time.
    private static let batchPixels = 1 << 18

    /// Frames per batch.
    var batchSize: Int {
        let pixels = generator.config.height * generator.config.width
        return min(8, max(1, Self.batchPixels / pixels))
    }

    /// Pictures of states `[n, C, h, w]`, n up to `batchSize`.
    func callAsFunction(_ states: [Tensor<Double>]) -> [RGBImage] {
        guard !states.isEmpty else { return [] }
        // [B, L, D]
        let codes = synthesis.profile.measured(.conditioning) {
            model(
                content: scene.content,
                style: scene.style,
                dynamics: ode.project(Tensor.stack(states))  // [B, E, h, w]
            )
        }
        let images = synthesis.profile.measured(.generator) {
            generator.synthesize(codes, options: synthesis)
        }
        return states.indices.map { RGBImage(images[$0], .minusOneToOne) }
    }
}
