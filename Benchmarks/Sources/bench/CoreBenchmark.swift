import Foundation
import Models
import Pipelines
import Store
import Tensors

/// Measures the render in this process, with the networks read already.
struct CoreBenchmark {
    let library: String
    let folder: String
    let table: Comparison

    /// Adds rows for a frame and for a solve.
    func run() throws {
        let session = Session(library: try Library.open(at: library))
        var request = CompositionRequest(content: "figure00_motion00")
        request.motion = "figure01_motion13"
        let recipe = try session.compose(request).recipe
        try frames("rendered frame, into an mp4", session, recipe) { options in
            options.output = folder + "/core.mp4"
        }
        try frames("rendered frame, without a film", session, recipe) { options in
            options.sheet = folder + "/core.png"
        }
        for outputs in [50, 500] { try solve(session, recipe, outputs) }
    }

    /// The time of a whole render, shared out among its frames.
    private func frames(
        _ name: String,
        _ session: Session,
        _ recipe: Recipe,
        _ adjust: (inout RenderOptions) -> Void
    ) throws {
        var options = RenderOptions()
        adjust(&options)
        try table.add(name, "ms", per: recipe.times.frameCount) {
            try Comparison.milliseconds { _ = try session.render(recipe, options) }
        }
    }

    /// One solve over a clip's length.
    private func solve(_ session: Session, _ recipe: Recipe, _ outputs: Int) throws {
        let ode = try session.pack(recipe.pack).latentODE()
        guard let clip = ClipID(hex: recipe.motion.clip.id),
            let stored = try session.library.tensor(of: clip, .dynamics)
        else { throw BenchError("the motion has no stored dynamics") }
        let start = stored.double
        let batch = start.reshaped([1] + start.shape)
        let times = (0..<outputs).map { 0.98 * Double($0) / Double(outputs - 1) }
        try table.add("the sample pack's motion, \(outputs) outputs", "ms") {
            try Comparison.milliseconds { _ = try ode.solve(from: batch, at: times) }
        }
    }
}
