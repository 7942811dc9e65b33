internal import Dispatch
internal import Foundation
internal import Kernels
internal import Media
internal import Models
internal import ODE
internal import Packs
internal import Store
internal import Tensors

/// The codes of observed frames, as an ingest stores them.
struct ClipCodes {
    /// `z_C [L, D]`.
    let content: Tensor<Float>
    /// `z_d0 [C, h, w]`; nil if the pack has no dynamics.
    let dynamics: Tensor<Double>?
    /// `CLIP_I(G(z_C))`, `[E]`; nil if the pack has no CLIP.
    let style: Tensor<Float>?

    /// This content with a motion.
    ///
    /// - Parameters:
    ///   - dynamics: Another clip's `z_d0`; its own if nil.
    ///   - style: A moved style code; its own if nil.
    /// - Returns: Nil if the pack lacks what a render needs.
    func scene(dynamics: Tensor<Double>? = nil, style: Tensor<Float>? = nil) -> Scene? {
        guard let dynamics = dynamics ?? self.dynamics, let style = style ?? self.style else {
            return nil
        }
        return Scene(content: content, dynamics: dynamics, style: style)
    }
}

/// The path of an ingest and of a render, for frames in memory.
struct EvaluationRenderer {
    let pack: LoadedPack
    let synthesis: SynthesisOptions
    let cancellation: Cancellation

    /// Pictures' width and height.
    var size: (width: Int, height: Int) {
        let config = pack.manifest.generator.config
        return (config.width, config.height)
    }

    /// Whether the pack has all that a moving picture needs.
    var moves: Bool { pack.manifest.dynamics != nil && pack.manifest.clip != nil }

    /// Encodes observed frames as an ingest does, rounding of stored codes included.
    ///
    /// - Throws: `PackError`, or `RequestError` if a code is not finite.
    func codes(_ frames: [RGBImage], at seconds: [Double]) throws -> ClipCodes {
        try cancellation.check()
        let plan = ClipPlan(
            start: seconds[0],
            end: seconds[seconds.count - 1],
            observed: seconds,
            isSegment: false
        )
        let clip = ObservedClip(plan: plan, frames: frames, boxes: nil)
        let assets = try ClipEncoder(pack: pack).encode(clip).assets
        func tensor(_ kind: AssetKind) -> RawTensor? { assets.first { $0.kind == kind }?.tensor }
        guard let content = tensor(.content)?.float else {
            throw RequestError("pack \"\(pack.manifest.name)\" gave no content code")
        }
        return ClipCodes(
            content: content,
            dynamics: tensor(.dynamics)?.double,
            style: tensor(.style)?.float
        )
    }

    /// `G(f_C(x))`, each frame from its own code.
    func inversions(_ frames: [RGBImage]) throws -> [RGBImage] {
        try pictures(ClipEncoder(pack: pack).contentCodes(frames))
    }

    /// `G(z_C)`.
    func still(_ codes: ClipCodes) throws -> RGBImage {
        try pictures(codes.content.reshaped([1] + codes.content.shape))[0]
    }

    private func pictures(_ codes: Tensor<Float>) throws -> [RGBImage] {
        let generator = try pack.generator()
        return try stride(from: 0, to: codes.shape[0], by: 8).flatMap { start in
            try cancellation.check()
            let batch = codes[start..<min(start + 8, codes.shape[0])]
            let images = generator.synthesize(batch, options: synthesis)
            return (0..<batch.shape[0]).map { RGBImage(images[$0], .minusOneToOne) }
        }
    }

    /// `G(z_C + dz_t)` at some seconds of the motion.
    ///
    /// - Throws: `RenderError` if the motion cannot be followed, `InterruptedError`, `PackError`.
    func frames(_ scene: Scene, at seconds: [Double]) throws -> [RGBImage] {
        let unit = pack.manifest.time.unitSeconds
        let renderer = FrameRenderer(
            scene: scene,
            generator: try pack.generator(),
            model: try pack.conditionalModel(),
            ode: try pack.latentODE(),
            synthesis: synthesis
        )
        func path(_ end: Double?) throws -> SolutionPath? {
            try end.map {
                try renderer.ode.path(from: scene.dynamics, second: $0, unit, cancellation)
            }
        }
        let past = try path(seconds.filter { $0 < 0 }.min())
        let future = try path(seconds.filter { $0 >= 0 }.max())
        return try stride(from: 0, to: seconds.count, by: renderer.batchSize).flatMap { start in
            try cancellation.check()
            let batch = seconds[start..<min(start + renderer.batchSize, seconds.count)]
            return renderer(
                batch.map { second in
                    let state = (second < 0 ? past : future)?.state(at: second / unit) ?? []
                    return Tensor(shape: scene.dynamics.shape, scalars: state)
                }
            )
        }
    }
}

/// Maps a list on as many threads as the networks use; the order stays.
func concurrentMap<Item: Sendable, Result: Sendable>(
    _ items: [Item],
    _ transform: @Sendable (Item) -> Result
) -> [Result] {
    guard ThreadPool.threadCount > 1, items.count > 1 else { return items.map(transform) }
    let results = ResultSlots<Result>(count: items.count)
    DispatchQueue.concurrentPerform(iterations: items.count) { index in
        results.set(index, transform(items[index]))
    }
    return results.all
}
