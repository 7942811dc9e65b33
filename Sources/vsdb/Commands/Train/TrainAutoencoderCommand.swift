import ArgumentParser
import Pipelines
import Training

/// `vsdb train autoencoder`.
struct TrainAutoencoderCommand: CheckpointCommand {
    static let configuration = CommandConfiguration(
        commandName: "autoencoder",
        abstract: "Train a generator and a content encoder on a folder of aligned clips.",
        usage: """
            vsdb train autoencoder <data> -o <run> [--config <file>] [--resume] [<options>]
            """,
        discussion: """
            Frames are cropped at their centre to the generator's shape and resized. At every \
            checkpoint <run>/weights holds generator.safetensors and encoder.safetensors, and \
            <run>/sheets a sheet of frames above what is drawn from their codes.

              vsdb train autoencoder clips/ -o runs/autoencoder
              vsdb train autoencoder --print-config > config.json
              vsdb train autoencoder clips/ -o runs/wide --config config.json
              vsdb train autoencoder clips/ -o runs/wide --config config.json --resume
            """
    )

    @Argument(
        help: ArgumentHelp("The folder with clips or pictures.", valueName: "data"),
        completion: .directory
    )
    var data: String?

    @Option(
        help: ArgumentHelp("At most so many frames of each clip, evenly spread.", valueName: "n")
    )
    var framesPerClip = 16

    @OptionGroup var training: TrainingOptions
    @OptionGroup var shared: MessageOptions

    func validate() throws {
        guard data != nil || training.printConfig else {
            throw ValidationError("name the folder with clips or pictures")
        }
        guard (1...10_000).contains(framesPerClip) else {
            throw ValidationError("--frames-per-clip \(framesPerClip): give 1 to 10000")
        }
    }

    func run() throws {
        var config = try training.read(AutoencoderTrainingConfig.standard)
        if let steps = training.steps { config.run.steps = steps }
        try config.validate()
        let console = shared.console
        guard !training.printConfig, let data, let run = training.output else {
            return try console.print(TrainingOptions.text(config))
        }
        let reporter = TrainingReporter(console, json: shared.json)
        let bar = ProgressLine("reading", console)
        let report = try AutoencoderTrainingRequest(
            data: data,
            run: run,
            config: config,
            framesPerClip: framesPerClip,
            resumes: training.resume
        ).run(
            cancellation: Interruption.install(),
            reading: { done, all in
                bar.update(
                    .init(fraction: Double(done) / Double(all), text: "\(done)/\(all) files")
                )
            },
            skipped: { console.warning("skipped: \($0)") },
            progress: { try reporter.show($0) }
        )
        ProgressLine.clear()
        try reporter.finish(report)
        if !report.isComplete {
            throw Interruption.wasTerminated ? ExitStatus.terminated : ExitStatus.interrupted
        }
    }
}
