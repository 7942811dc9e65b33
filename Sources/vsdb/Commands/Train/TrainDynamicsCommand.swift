import ArgumentParser
import Foundation
import Pipelines
import Training

/// `vsdb train dynamics`.
struct TrainDynamicsCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "dynamics",
        abstract: "Train how clips move and how motion becomes pictures: f_D, the ODE and f_G.",
        usage: """
            vsdb train dynamics -o <run> [--pack <name>] [--config <file>] [--resume] [<options>]
            """,
        discussion: """
            The clips are those of the library that were ingested with the pack; their content \
            codes are used as they are stored. Generator, CLIP and DINO stay as they are. At every \
            checkpoint <run>/pack is a pack with the averaged networks, and <run>/sheets holds \
            clips, themselves again, each moving as another, each as another is described.

            Without captions the text terms are off, without DINO the appearance and structure \
            terms; both is said at the start. The configuration has a direct reconstruction as an \
            option, and the ablations of the paper.

              vsdb train dynamics --pack people -o runs/dynamics
              vsdb train dynamics --pack people --print-config > config.json
              vsdb train dynamics --pack people --config config.json -o runs/slow --resume
              vsdb pack add runs/dynamics/pack
            """
    )

    @Option(
        help: ArgumentHelp("The pack; the library's default if not given.", valueName: "name")
    )
    var pack: String?

    @OptionGroup var tags: TagsOption

    @OptionGroup var training: TrainingOptions
    @OptionGroup var shared: SharedOptions

    func run() throws {
        let session = try shared.openSession()
        var config = try training.read(session.standardDynamicsTraining(pack: pack))
        if let steps = training.steps { config.run.steps = steps }
        try config.validate()
        let console = shared.console
        guard !training.printConfig, let run = training.output else {
            return try console.print(JSONOutput.document(config))
        }
        let reporter = TrainingReporter(console, json: shared.json)
        let report = try session.trainDynamics(
            DynamicsTrainingRequest(
                pack: pack,
                tags: tags.words,
                run: run,
                config: config,
                resumes: training.resume,
                command: "vsdb " + CommandLine.arguments.dropFirst().joined(separator: " ")
            ),
            cancellation: Interruption.install(),
            notice: { console.warning($0) },
            progress: { try reporter.show($0) }
        )
        try reporter.finish(report)
    }
}
