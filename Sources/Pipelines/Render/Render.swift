internal import Foundation
internal import Kernels
internal import Logging
internal import Media
internal import Models
internal import ODE
internal import Packs
internal import Store
internal import Tensors

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
        let rate = try frameRate(recipe.times.frameRate)
        if let path = options.output, try VideoFormat(path: path) == .png,
            recipe.times.frameCount > 1
        {
            throw RequestError(
                "\"\(path)\": one PNG file holds one frame, the composition has "
                    + "\(recipe.times.frameCount); write folder/%05d.png, or give --frames 1"
            )
        }
        let film = try options.output.map {
            try VideoWriter(path: $0, width: width, height: height, frameRate: rate)
        }
        defer { film?.cancel() }

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
        var samples = SheetSamples(frameCount: recipe.times.frameCount)
        var done = 0
        while done < motion.count {
            try cancellation.check()
            // The first frame alone: somebody waits for it.
            let batch = done..<min(done + (done == 0 ? 1 : renderer.batchSize), motion.count)
            let states = profile.measured(.motion) { batch.map { motion.state($0) } }
            let images = renderer(states)
            firstFrame = firstFrame ?? (clock.now - began)
            try profile.measured(.film) {
                for (index, image) in zip(batch, images) {
                    try film?.append(image)
                    samples.offer(image, index)
                }
            }
            done = batch.upperBound
            onProgress(RenderProgress(framesDone: done, frameCount: motion.count))
        }
        try profile.measured(.film) { try film?.finish() }
        if let path = options.sheet {
            try StillImage.write(try sheet(recipe, samples), to: path)
        }
        let report = RenderReport(
            frameCount: done,
            width: width,
            height: height,
            frameRate: rate.perSecond,
            seconds: Double(done) / rate.perSecond,
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

    private func generator(_ pack: LoadedPack, _ seed: UInt64?) throws -> StyleGAN2Generator {
        let generator = try pack.generator()
        return seed.map { generator.reseeded($0) } ?? generator
    }

    private func frameRate(_ perSecond: Double) throws -> FrameRate {
        guard let rate = FrameRate(perSecond: perSecond) else {
            throw RequestError("\(perSecond) frames per second cannot be written")
        }
        return rate
    }

    /// Remembers the render; a library that cannot be written still renders.
    private func record(_ recipe: Recipe, _ report: RenderReport) throws {
        guard let output = report.output, output != "-" else { return }
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
