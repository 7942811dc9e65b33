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

    @OptionGroup var folder: FolderTrainingOptions
    @OptionGroup var training: TrainingOptions
    @OptionGroup var shared: MessageOptions

    func run() throws {
        var config = try training.read(AutoencoderTrainingConfig.standard)
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
            skipped: { console.warning("skipped: \($0)") },
            progress: { try reporter.show($0) }
        )
        ProgressLine.clear()
        try reporter.finish(report)
    }
}
