import Pipelines
import Training

/// Tells how a training goes: a line with the losses now and then, as log or as JSON lines.
struct TrainingReporter {
    private let console: Console
    private let isJSON: Bool

    private struct StepLine: Encodable {
        let event = "step"
        let log: LogLine
        let secondsLeft: Double
    }

    private struct DoneLine: Encodable {
        let event = "done"
        let report: TrainingReport
    }

    init(_ console: Console, json: Bool) {
        self.console = console
        isJSON = json
    }

    /// One line of the log.
    func show(_ progress: TrainingProgress) throws {
        if isJSON {
            return try console.print(
                JSONOutput.line(StepLine(log: progress.line, secondsLeft: progress.secondsLeft))
            )
        }
        let line = progress.line
        let losses = line.losses.sorted { $0.key < $1.key }
            .map { "\($0.key) \(Wording.trimmed($0.value))" }
        console.note(
            "step \(line.step)/\(progress.steps): \(losses.joined(separator: ", ")); "
                + "\(Wording.trimmed(line.imagesPerSecond)) images/s, "
                + "\(Wording.clock(progress.secondsLeft)) left"
        )
    }

    /// The end.
    ///
    /// - Throws: The exit status of the signal that stopped the run, if it is not complete.
    func finish(_ report: TrainingReport) throws {
        if isJSON {
            try console.print(JSONOutput.line(DoneLine(report: report)))
        } else {
            console.note(
                report.isComplete
                    ? "done: \(report.steps) steps, \(report.images) images in "
                        + "\(Wording.clock(report.seconds)); see \(report.folder)/report.html"
                    : "stopped after step \(report.steps), saved; go on with --resume"
            )
        }
        if !report.isComplete {
            throw Interruption.wasTerminated ? ExitStatus.terminated : ExitStatus.interrupted
        }
    }
}
