import Pipelines
import Tensors

/// Tells of an ingest while it goes on: a line for every clip, messages for what failed.
final class IngestReporter {
    private let console: Console
    private let isJSON: Bool
    private let progress: ProgressLine
    private var lastLine = 0.0
    private var added = 0
    /// The first failure to write; reported at the end, since the clips are safe all the same.
    private var outputError: (any Error)?

    private struct ClipLine: Encodable {
        let event = "clip"
        let clip: IngestedClip
    }

    private struct FailureLine: Encodable {
        let event = "failure"
        let path: String
        let reason: String
    }

    private struct WarningLine: Encodable {
        let event = "warning"
        let warning: String
    }

    private struct ProgressRecord: Encodable {
        let event = "progress"
        let progress: IngestProgress
        let elapsedSeconds: Double
    }

    private struct DoneLine: Encodable {
        let event = "done"
        let added: Int
        let skipped: Int
        let failed: Int
        let videoSeconds: Double
        let elapsedSeconds: Double
    }

    init(console: Console, isJSON: Bool) {
        self.console = console
        self.isJSON = isJSON
        progress = ProgressLine("ingest", console)
    }

    /// Reports one event.
    func report(_ event: IngestEvent) {
        do {
            switch event {
            case .clip(let clip): try report(clip)
            case .failure(let failure): try report(failure)
            case .progress(let state): try report(state)
            case .warning(let text): try warn(text)
            }
        } catch {
            outputError = outputError ?? error
        }
    }

    private func report(_ clip: IngestedClip) throws {
        if clip.isNew { added += 1 }
        defer { for warning in clip.warnings { warn(of: clip, warning) } }
        guard !isJSON else {
            try console.print(JSONOutput.line(ClipLine(clip: clip)))
            return
        }
        let state = clip.isNew ? console.styled("added", .success) : console.styled("known", .dim)
        let time = Wording.range(clip.start, clip.end)
        let motion = clip.hasMotion ? "" : "  content only"
        let name = clip.name.withoutControls
        try console.report("\(state)  \(clip.id.prefix(12))  \(name)  \(time)\(motion)")
    }

    private func warn(of clip: IngestedClip, _ warning: String) {
        console.warning("\"\(clip.path)\": \(warning)".withoutControls)
    }

    private func report(_ failure: IngestFailure) throws {
        console.error("\"\(failure.path)\": \(failure.reason)".withoutControls)
        guard isJSON else { return }
        try console.print(
            JSONOutput.line(FailureLine(path: failure.path, reason: failure.reason))
        )
    }

    private func warn(_ text: String) throws {
        console.warning(text)
        if isJSON { try console.print(JSONOutput.line(WarningLine(warning: text))) }
    }

    private func report(_ state: IngestProgress) throws {
        let elapsed = progress.elapsed
        if isJSON, elapsed - lastLine >= 1 {
            lastLine = elapsed
            let record = ProgressRecord(progress: state, elapsedSeconds: elapsed)
            try console.print(JSONOutput.line(record))
        }
        let rate = elapsed > 0 ? state.videoSeconds / elapsed : 0
        progress.update(
            ProgressLine.State(
                fraction: state.fraction,
                text: "\(state.filesDone)/\(Wording.count(state.files, "file"))  "
                    + Wording.count(state.clips, "clip"),
                rate: "\(Wording.decimal(rate, digits: 2)) s of video/s"
            )
        )
    }

    /// Reports the outcome.
    ///
    /// - Throws: `OutputError` if some line could not be written.
    func finish(_ report: IngestReport) throws {
        if isJSON {
            try console.print(
                JSONOutput.line(
                    DoneLine(
                        added: report.added,
                        skipped: report.skipped,
                        failed: report.failures.count,
                        videoSeconds: report.videoSeconds,
                        elapsedSeconds: progress.elapsed
                    )
                )
            )
        }
        var parts = ["\(Wording.count(report.added, "clip")) added"]
        if report.skipped > 0 { parts.append("\(report.skipped) known already") }
        if !report.failures.isEmpty { parts.append("\(report.failures.count) failed") }
        console.note("\(parts.joined(separator: ", ")) in \(Wording.clock(progress.elapsed))")
        if let outputError { throw outputError }
    }

    /// Says what an interruption left.
    func stop() throws {
        console.note("\(Wording.count(added, "clip")) added before the stop")
        if let outputError { throw outputError }
    }
}
