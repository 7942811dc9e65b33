import Pipelines
import Tensors

/// Renders a recipe with progress and says what came of it.
struct RenderJob {
    let session: Session
    let options: RenderOptions
    let shared: SharedOptions

    private struct ProgressReport: Encodable {
        let event = "progress"
        let framesDone: Int
        let frameCount: Int
        let elapsedSeconds: Double
    }

    private struct DoneLine: Encodable {
        let event = "done"
        let recipe: String
        let report: RenderReport
    }

    /// Runs to the end.
    ///
    /// - Throws: What the render throws, or `OutputError`.
    func run(_ recipe: Recipe, _ cancellation: Cancellation) throws {
        let console = shared.console
        let progress = ProgressLine("render", console)
        var lastLine = 0.0
        var outputError: (any Error)?
        let report = try session.render(recipe, options, cancellation: cancellation) { state in
            let elapsed = progress.elapsed
            progress.update(Self.line(state, elapsed))
            guard shared.json, elapsed - lastLine >= 1 else { return }
            lastLine = elapsed
            let report = ProgressReport(
                framesDone: state.framesDone,
                frameCount: state.frameCount,
                elapsedSeconds: elapsed
            )
            do { try console.print(JSONOutput.line(report)) } catch {
                outputError = outputError ?? error
            }
        }
        ProgressLine.clear()
        if let outputError { throw outputError }
        try tell(report, recipe)
    }

    private static func table(_ profile: [ProfileRow]) -> TextTable {
        var table = TextTable([
            .left("stage or layer"), .right("calls"), .right("ms"), .right("GFLOP/s"), .right("MB"),
        ])
        for row in profile {
            table.add([
                row.name,
                String(row.calls),
                Wording.decimal(row.milliseconds, digits: 1),
                row.gigaflops.map { Wording.decimal($0, digits: 0) } ?? "",
                row.bytes.map { Wording.decimal($0 / 1e6, digits: 1) } ?? "",
            ])
        }
        return table
    }

    private static func line(_ state: RenderProgress, _ elapsed: Double) -> ProgressLine.State {
        let rate = elapsed > 0 ? Double(state.framesDone) / elapsed : 0
        return ProgressLine.State(
            fraction: Double(state.framesDone) / Double(max(1, state.frameCount)),
            text: "\(state.framesDone)/\(Wording.count(state.frameCount, "frame"))",
            rate: "\(Wording.decimal(rate, digits: 1)) frames/s"
        )
    }

    private func tell(_ report: RenderReport, _ recipe: Recipe) throws {
        let console = shared.console
        for note in report.notes { console.note(note) }
        console.note(
            "\(Wording.count(report.frameCount, "frame")) of \(report.width)x\(report.height), "
                + "\(Wording.seconds(report.seconds)) at \(Wording.trimmed(report.frameRate)) fps"
        )
        console.detail(
            "motion solved in \(Wording.trimmed(report.solveMilliseconds)) ms with "
                + "\(report.evaluationCount) evaluations; first frame after "
                + "\(Wording.trimmed(report.firstFrameMilliseconds)) ms; all frames in "
                + "\(Wording.trimmed(report.renderMilliseconds)) ms"
        )
        console.detail("multiplied in \(report.precision.rawValue): \(report.precisionReason)")
        guard !shared.json else {
            try console.print(JSONOutput.line(DoneLine(recipe: try recipe.hash(), report: report)))
            return
        }
        if let profile = report.profile {
            for line in Self.table(profile).lines(width: nil) { console.note(line) }
        }
        for path in [report.output, report.sheet].compactMap({ $0 }) where path != "-" {
            try console.report(path)
        }
    }
}
