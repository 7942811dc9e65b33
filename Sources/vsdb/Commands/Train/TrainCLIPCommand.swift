import ArgumentParser
import Pipelines
import Training

/// `vsdb train clip`.
struct TrainCLIPCommand: CheckpointCommand {
    static let configuration = CommandConfiguration(
        commandName: "clip",
        abstract: "Train CLIP on a folder of aligned clips with captions.",
        usage: """
            vsdb train clip <data> -o <run> [--config <file>] [--resume] [<options>]
            """,
        discussion: """
            Captions come from captions.json in the folder, an object of file names and captions, \
            or from NAME.txt beside a clip. The vocabulary is learnt from them. A share of the \
            clips is held out, to measure how well frames find their captions. At every \
            checkpoint <run>/clip holds clip.safetensors, vocab.json, merges.txt and clip.json, \
            what pack.json has under "clip".

              vsdb train clip clips/ -o runs/clip
              vsdb train clip --print-config > config.json
              vsdb train clip clips/ -o runs/wide --config config.json
              vsdb train clip clips/ -o runs/wide --config config.json --resume
            """
    )

    @OptionGroup var folder: FolderTrainingOptions
    @OptionGroup var training: TrainingOptions
    @OptionGroup var shared: MessageOptions

    private struct MeasuredLine: Encodable {
        let event = "measured"
        let measurement: CheckpointMeasures
    }

    func run() throws {
        var config = try training.read(CLIPTrainingConfig.standard)
        if let steps = training.steps { config.run.steps = steps }
        try config.validate()
        let console = shared.console
        guard let request = try folder.request(config, training) else {
            return try console.print(JSONOutput.document(config))
        }
        let reporter = TrainingReporter(console, json: shared.json)
        let bar = ProgressLine("reading", console)
        let report = try request.run(
            cancellation: Interruption.install(),
            reading: bar.countFiles,
            told: { console.warning($0) },
            began: { text in
                ProgressLine.clear()
                console.note(text)
            },
            progress: { try reporter.show($0) },
            measured: { measurement in
                if shared.json {
                    return try console.print(
                        JSONOutput.line(MeasuredLine(measurement: measurement))
                    )
                }
                let shares = measurement.measures.sorted { $0.key < $1.key }
                    .map { "\($0.key) \(Wording.trimmed($0.value))" }
                console.note(
                    "step \(measurement.step), held out: \(shares.joined(separator: ", "))"
                )
            }
        )
        try reporter.finish(report)
    }
}
