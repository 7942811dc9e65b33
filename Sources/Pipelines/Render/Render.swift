internal import Foundation
internal import Kernels
internal import Logging
internal import Media
internal import Models
internal import ODE
internal import Packs
internal import Store
package import Tensors

extension Session {
    /// Renders a recipe: solves the ODE once for all frames, then streams them through `f_G` and `G`.
    ///
    /// The output appears only when it is complete.
    ///
    /// - Parameters:
    ///   - recipe: What to show.
    ///   - options: Where it goes.
    ///   - cancellation: Stops between batches; nothing is left behind.
    ///   - onProgress: Is told after every batch.
    /// - Returns: What was made and what it cost.
    /// - Throws: `RequestError`, `StoreError`, `PackError`, `SolveError`, `MediaError` or
    ///   `InterruptedError`.
    public func render(
        _ recipe: Recipe,
        _ options: RenderOptions,
        cancellation: Cancellation = Cancellation(),
        onProgress: (RenderProgress) -> Void = { _ in }
    ) throws -> RenderReport {
        let clock = ContinuousClock()
        let began = clock.now
        let pack = try pack(recipe.pack)
        let profile = options.isProfiled ? Profile() : nil
        let choice = try pack.precision(options.precision)
        let synthesis = SynthesisOptions(
            rows: try options.checkedRows(pack.manifest.generator.config),
            precision: choice.precision,
            profile: profile
        )
        let scene = try profile.measured(.assets) { try self.scene(recipe, pack, cancellation) }
        let renderer = try profile.measured(.networks) {
            pack.readForRender()
            return FrameRenderer(
                scene: scene,
                generator: try generator(pack, recipe.seed),
                model: try pack.conditionalModel(),
                ode: try pack.latentODE(),
                synthesis: synthesis
            )
        }
        let (width, height) = renderer.size
        let frames = try options.checkedFrames(recipe)
        var output = try FilmOutput(recipe, options, width: width, height: height)
        defer { output.cancel() }

        let solving = clock.now
        let motion = try profile.measured(.motion) {
            try Trajectory(
                scene.dynamics,
                times: recipe.times,
                unitSeconds: pack.manifest.time.unitSeconds,
                ode: renderer.ode,
                cancellation: cancellation
            )
        }
        let solved = clock.now - solving
        logger.debug("solved for \(motion.count) frames, \(motion.evaluationCount) evaluations")
        var firstFrame: Duration?
        var next = frames.lowerBound
        while next < frames.upperBound {
            try cancellation.check()
            // The first frame alone: somebody waits for it.
            let size = next == frames.lowerBound ? 1 : renderer.batchSize
            let batch = next..<min(next + size, frames.upperBound)
            let states = profile.measured(.motion) { batch.map { motion.state($0) } }
            let images = renderer(states)
            firstFrame = firstFrame ?? (clock.now - began)
            try profile.measured(.film) {
                for (index, image) in zip(batch, images) { try output.append(image, index) }
            }
            next = batch.upperBound
            onProgress(
                RenderProgress(framesDone: next - frames.lowerBound, frameCount: frames.count)
            )
        }
        try profile.measured(.film) { try output.finish(self) }
        let report = RenderReport(
            frameCount: frames.count,
            width: width,
            height: height,
            frameRate: output.rate.perSecond,
            seconds: Double(frames.count) / output.rate.perSecond,
            evaluationCount: motion.evaluationCount,
            solveMilliseconds: milliseconds(solved),
            renderMilliseconds: milliseconds(clock.now - began),
            firstFrameMilliseconds: milliseconds(firstFrame ?? .zero),
            precision: choice.precision,
            precisionReason: choice.reason,
            profile: profile?.rows,
            output: options.output,
            sheet: options.sheet,
            notes: []
        )
        try record(recipe, report)
        return report
    }

    /// Refuses what cannot be rendered before anything is.
    ///
    /// - Throws: `RequestError`, `StoreError`, `PackError`, `MediaError`.
    package func validate(_ options: RenderOptions, for recipe: Recipe) throws {
        let pack = try pack(recipe.pack)
        _ = try options.checkedRows(pack.manifest.generator.config)
        _ = try options.checkedFrames(recipe)
        try FilmOutput.validate(recipe, options)
        for id in recipe.clipIDs {
            guard let id = ClipID(hex: id) else { continue }
            _ = try library.clip(id)
        }
    }

    /// What a render of a recipe multiplies in on this machine.
    package func precision(of recipe: Recipe, _ wanted: Precision?) throws -> Precision {
        try pack(recipe.pack).precision(wanted).precision
    }

    private func generator(_ pack: LoadedPack, _ seed: UInt64?) throws -> StyleGAN2Generator {
        let generator = try pack.generator()
        return seed.map { generator.reseeded($0) } ?? generator
    }

    /// Remembers the render; a library that cannot be written still renders.
    private func record(_ recipe: Recipe, _ report: RenderReport) throws {
        guard let output = report.output, output != "-",
            report.frameCount == recipe.times.frameCount
        else { return }
        let details = String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
        let hash = try recipe.hash()
        do {
            try library.recordRender(
                RenderRecord(
                    recipeHash: hash,
                    outputPath: output,
                    detailsJSON: details,
                    rendered: Date()
                )
            )
        } catch {
            guard [.notWritable, .locked, .noSpace].contains(error.kind) else { throw error }
        }
    }

    private func milliseconds(_ duration: Duration) -> Double {
        (duration / .microseconds(1)).rounded() / 1000
    }
}

extension FrameRenderer {
    /// Width and height of a picture.
    var size: (width: Int, height: Int) {
        var height = generator.config.height
        if let rows = synthesis.rows { while height / 2 >= rows, height > 4 { height /= 2 } }
        return (generator.config.width * height / generator.config.height, height)
    }
}

extension RenderOptions {
    /// The smallest preview that is worth looking at.
    private static let smallestRows = 16

    func checkedFrames(_ recipe: Recipe) throws -> Range<Int> {
        let all = 0..<recipe.times.frameCount
        guard let frames else { return all }
        guard !frames.isEmpty, all.contains(frames.lowerBound), frames.upperBound <= all.upperBound
        else { throw RequestError("frames \(frames): the composition has \(all.count)") }
        guard sheet == nil else { throw RequestError("a contact sheet needs all frames") }
        return frames
    }

    func checkedRows(_ config: StyleGAN2Config) throws -> Int? {
        guard output != nil || sheet != nil else {
            throw RequestError("nowhere to render to: give -o FILE or --sheet FILE")
        }
        guard let rows else { return nil }
        guard (Self.smallestRows...config.height).contains(rows) else {
            throw RequestError(
                "--size \(rows): this pack renders \(Self.smallestRows) to \(config.height) rows"
            )
        }
        return rows
    }
}
