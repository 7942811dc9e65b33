import Foundation
import Models
import Pipelines
import Store
import Tensors

/// Measures the render in this process, with the networks read already.
struct CoreBenchmark {
    let library: String
    let folder: String

    /// Milliseconds of a frame and of a solve.
    func run() throws -> [Measure] {
        let session = Session(library: try Library.open(at: library))
        var request = CompositionRequest(content: "figure00_motion00")
        request.motion = "figure01_motion13"
        let recipe = try session.compose(request).recipe
        return [
            try frames("rendered frame, into an mp4", session, recipe) { options in
                options.output = folder + "/core.mp4"
            },
            try frames("rendered frame, without a film", session, recipe) { options in
                options.sheet = folder + "/core.png"
            },
        ] + (try [50, 500].map { try solve(session, recipe, outputCount: $0) })
    }

    /// The time of a whole render, shared out among its frames.
    private func frames(
        _ name: String,
        _ session: Session,
        _ recipe: Recipe,
        _ adjust: (inout RenderOptions) -> Void
    ) throws -> Measure {
        var options = RenderOptions()
        adjust(&options)
        let whole = try Measure.milliseconds(name) { _ = try session.render(recipe, options) }
        let count = Double(recipe.times.frameCount)
        return Measure(name, "ms", whole.readings.map { $0 / count })
    }

    /// One solve over a clip's length.
    private func solve(_ session: Session, _ recipe: Recipe, outputCount: Int) throws -> Measure {
        let ode = try session.pack(recipe.pack).latentODE()
        guard let clip = ClipID(hex: recipe.motion.clip.id),
            let stored = try session.library.tensor(of: clip, .dynamics)
        else { throw BenchError("the motion has no stored dynamics") }
        let start = stored.double
        let batch = start.reshaped([1] + start.shape)
        let times = (0..<outputCount).map { 0.98 * Double($0) / Double(outputCount - 1) }
        return try Measure.milliseconds("ODE solve, \(outputCount) outputs") {
            _ = try ode.solve(from: batch, at: times)
        }
    }
}
