internal import Foundation
internal import Packs
internal import Pipelines
internal import Store
internal import Tensors

extension TaskWorker {
    /// Renders the frames of a chunk as pictures without loss.
    func render(
        _ work: ClusterJob.Render,
        _ scratch: String,
        _ draft: String,
        _ report: inout TaskReport
    ) throws {
        let clock = ContinuousClock()
        let began = clock.now
        guard let chunk = try folder.read(FrameChunk.self, "tasks/\(JobFolder.name(task)).json"),
            work.films.indices.contains(chunk.film)
        else { throw ClusterError(.damaged, "\"\(folder.path)\": task \(task) is missing") }
        let session = Session(library: try Library.create(at: scratch + "/library"))
        try session.importBundles([folder.inputPath], cancellation: cancellation) { _ in }
        report.setupSeconds = began.duration(to: clock.now) / .seconds(1)
        var options = RenderOptions()
        options.output = draft + "/frames/%06d.png"
        options.rows = work.rows
        options.precision = work.precision
        options.frames = chunk.frames
        var lastTold = clock.now
        let rendered = try session.render(
            work.films[chunk.film].recipe,
            options,
            cancellation: cancellation
        ) { progress in
            guard lastTold.duration(to: clock.now) > .seconds(2) else { return }
            lastTold = clock.now
            tell(Double(progress.framesDone) / Double(progress.frameCount))
        }
        report.frames = rendered.frameCount
    }
}
