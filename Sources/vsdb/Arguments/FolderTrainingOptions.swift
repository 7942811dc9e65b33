import ArgumentParser
import Pipelines

/// The folder that networks are trained on.
struct FolderTrainingOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The folder with clips or pictures.", valueName: "data"),
        completion: .directory
    )
    var data: String?

    @Option(
        help: ArgumentHelp("At most so many frames of each clip, evenly spread.", valueName: "n")
    )
    var framesPerClip = 16

    func validate() throws {
        guard (1...10_000).contains(framesPerClip) else {
            throw ValidationError("--frames-per-clip \(framesPerClip): give 1 to 10000")
        }
    }

    /// The request, or nil if only the configuration is to be printed.
    ///
    /// - Throws: `ValidationError` without a folder.
    func request<Config: Sendable>(
        _ config: Config,
        _ training: TrainingOptions
    ) throws -> FolderTrainingRequest<Config>? {
        guard !training.printConfig else { return nil }
        guard let data, let run = training.output else {
            throw ValidationError("name the folder with clips or pictures")
        }
        return FolderTrainingRequest(
            data: data,
            run: run,
            config: config,
            framesPerClip: framesPerClip,
            resumes: training.resume
        )
    }
}
