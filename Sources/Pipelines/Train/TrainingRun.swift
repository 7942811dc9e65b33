internal import Foundation
public import Media
internal import Packs
public import Training

/// What a training shows of itself: the rows of a sheet.
public protocol ShownTraining: TrainingTask {
    /// The rows of a sheet of what the networks make now, such as originals above reconstructions.
    func sheet() throws -> [ContactSheet.Row]
}

/// How a run goes.
public struct TrainingProgress: Sendable {
    /// The newest line of the log.
    public let line: LogLine
    /// The number of steps of the whole run.
    public let steps: Int
    /// Seconds until its end, at the speed of the last steps.
    public let secondsLeft: Double
}

/// What became of a run.
public struct TrainingReport: Sendable, Encodable {
    /// Whether all steps are done.
    public let isComplete: Bool
    /// Steps done.
    public let steps: Int
    /// Pictures looked at.
    public let images: Int
    /// Seconds of training, over all parts of the run.
    public let seconds: Double
    /// The losses of the last line of the log.
    public let losses: [String: Double]
    /// The folder of the run.
    public let folder: String
}

/// A training in a folder of its own.
///
///     RUN/config.json      what was asked for, completed
///     RUN/log.jsonl        one line for some steps, one for what a checkpoint was measured by
///     RUN/report.html      the curves
///     RUN/sheets/          what the networks make, step by step
///     RUN/checkpoints/     from which it goes on
///     RUN/pack/            what it is for, from the averaged weights
///
/// All but the checkpoints is written anew from them, so that nothing else has to survive a crash.
public struct TrainingRun {
    private let folder: String
    private let title: String
    private let config: RunConfig
    private let document: Data

    /// Names a run.
    ///
    /// - Parameters:
    ///   - folder: The folder; made by `run`.
    ///   - title: The heading of its page.
    ///   - config: The run's numbers.
    ///   - document: The whole configuration; a resumed run must have the same.
    /// - Throws: An encoding error; none is expected.
    public init(
        folder: String,
        title: String,
        config: RunConfig,
        document: some Encodable
    ) throws {
        self.folder = folder
        self.title = title
        self.config = config
        self.document = try JSONEncoder.forDocuments.encode(document)
    }

    /// Refuses a run inside its own data, which would be trained on its sheets.
    ///
    /// - Throws: `RequestError`.
    static func require(_ run: String, apartFrom data: String) throws {
        func place(_ path: String) -> String {
            URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
        }
        guard !(place(run) + "/").hasPrefix(place(data) + "/") else {
            throw RequestError(
                "the run \"\(run)\" lies in its data \"\(data)\" and would be trained on its own "
                    + "sheets; choose a folder beside it"
            )
        }
    }

    /// Trains until the last step or until it is asked to stop.
    ///
    /// - Parameters:
    ///   - task: What is trained.
    ///   - resumes: Whether to go on from the newest checkpoint.
    ///   - identity: What else must be the same in a resumed run, such as fingerprints.
    ///   - cancellation: The request to stop: the step in hand is finished and saved.
    ///   - progress: Is told of every line of the log.
    ///   - export: Writes what the run is for, at every checkpoint.
    /// - Returns: What became of it.
    /// - Throws: `TrainingError`, errors of the task or of `export`.
    public func run(
        _ task: any ShownTraining,
        resumes: Bool,
        identity: String = "",
        cancellation: Cancellation,
        progress: (TrainingProgress) throws -> Void,
        export: (Trainer) throws -> Void
    ) throws -> TrainingReport {
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        let trainer = try Trainer(
            task,
            config,
            identity: String(decoding: document, as: UTF8.self) + identity,
            folder: folder,
            resumes: resumes
        )
        try write(document, "config.json")
        let isComplete = try trainer.run(
            shouldStop: { cancellation.isCancelled },
            report: { line, left in
                try progress(
                    TrainingProgress(line: line, steps: config.steps, secondsLeft: left)
                )
            },
            saved: { step in
                try writeSheet(task, step)
                try writeLog(trainer)
                try export(trainer)
            }
        )
        let totals = trainer.totals
        return TrainingReport(
            isComplete: isComplete,
            steps: trainer.stepsDone,
            images: totals.images,
            seconds: totals.seconds,
            losses: trainer.log.last?.losses ?? [:],
            folder: folder
        )
    }

    private func writeSheet(_ task: any ShownTraining, _ step: Int) throws {
        let rows = try task.sheet()
        guard !rows.isEmpty else { return }
        let sheets = folder + "/sheets"
        try FileManager.default.createDirectory(
            atPath: sheets,
            withIntermediateDirectories: true
        )
        var sheet = ContactSheet(rows: rows, title: "\(title), step \(step)")
        sheet.widestLabel = 440
        try StillImage.write(
            try sheet.render(),
            to: "\(sheets)/\(TrainingCheckpoint.name(step)).png"
        )
    }

    private func writeLog(_ trainer: Trainer) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var text = Data()
        var measured = trainer.measurements[...]
        func append(_ value: some Encodable) throws {
            text.append(try encoder.encode(value))
            text.append(UInt8(ascii: "\n"))
        }
        for line in trainer.log {
            while let first = measured.first, first.step < line.step {
                try append(first)
                measured.removeFirst()
            }
            try append(line)
        }
        for rest in measured { try append(rest) }
        try write(text, "log.jsonl")
        // Without a folder of sheets the page has none.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/sheets")) ?? []
        let totals = trainer.totals
        let page = LossPlot(
            title: title,
            lines: trainer.log,
            measurements: trainer.measurements,
            facts: [
                ("steps", "\(trainer.stepsDone) of \(config.steps)"),
                ("images", "\(totals.images)"),
                ("hours", "\((totals.seconds / 36).rounded() / 100)"),
                ("seed", "\(config.seed)"),
            ],
            sheets: names.filter { $0.hasSuffix(".png") }.sorted().map { "sheets/" + $0 }
        )
        try write(Data(page.html.utf8), "report.html")
    }

    private func write(_ data: Data, _ name: String) throws {
        do {
            try data.write(to: URL(fileURLWithPath: folder + "/" + name), options: .atomic)
        } catch {
            throw TrainingError(
                .cannotWrite,
                "\"\(folder)/\(name)\" could not be written: \(error.localizedDescription)"
            )
        }
    }
}
