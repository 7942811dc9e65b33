internal import Foundation
internal import Kernels
internal import Media
internal import Models
internal import Packs
internal import Tensors
public import Training

/// A request to train a generator and a content encoder on a folder of clips.
public struct AutoencoderTrainingRequest: Sendable {
    /// The folder with clips or pictures.
    public var data: String
    /// The folder of the run.
    public var run: String
    /// What is trained, and how.
    public var config: AutoencoderTrainingConfig
    /// At most so many frames of each clip.
    public var framesPerClip: Int
    /// Whether to go on from the newest checkpoint of the run.
    public var resumes: Bool

    /// Collects the request.
    public init(
        data: String,
        run: String,
        config: AutoencoderTrainingConfig,
        framesPerClip: Int,
        resumes: Bool
    ) {
        self.data = data
        self.run = run
        self.config = config
        self.framesPerClip = framesPerClip
        self.resumes = resumes
    }

    /// Trains until the last step or until it is asked to stop.
    ///
    /// At every checkpoint `RUN/weights` gets `generator.safetensors` and `encoder.safetensors`, of which
    /// `vsdb pack create` makes a pack.
    ///
    /// - Parameters:
    ///   - cancellation: The request to stop.
    ///   - reading: Clips read, of how many.
    ///   - skipped: Is told of files that could not be read.
    ///   - progress: Is told of every line of the log.
    /// - Returns: What became of it.
    /// - Throws: `TrainingError`, `RequestError`, `InterruptedError`.
    public func run(
        cancellation: Cancellation,
        reading: (Int, Int) -> Void,
        skipped: (String) -> Void,
        progress: (TrainingProgress) throws -> Void
    ) throws -> TrainingReport {
        try config.validate()
        try TrainingRun.require(run, apartFrom: data)
        ThreadPool.prepareForTraining()
        try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
        let found = try PictureSetFolder(
            folder: data,
            height: config.generator.height,
            width: config.generator.width,
            framesPerClip: framesPerClip
        ).read(run: run, cancellation: cancellation, progress: reading)
        for reason in found.skipped { skipped(reason) }
        let task = ShownAutoencoder(
            try AutoencoderTask(config, pictures: found.pictures)
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try TrainingRun(
            folder: run,
            title: "Autoencoder",
            config: config.run,
            document: encoder.encode(config)
        ).run(
            task,
            resumes: resumes,
            identity: "\(found.pictures.count) frames of \(found.pictures.clips.count) clips",
            cancellation: cancellation,
            progress: progress,
            export: { trainer in
                let files = try task.task.files(trainer.averaged)
                let weights = run + "/weights"
                try FileManager.default.createDirectory(
                    atPath: weights,
                    withIntermediateDirectories: true
                )
                for (name, tensors) in [("generator", files.generator), ("encoder", files.encoder)]
                {
                    let url = URL(fileURLWithPath: "\(weights)/\(name).safetensors")
                    try SafetensorsFile.encode(tensors).write(to: url, options: .atomic)
                }
            }
        )
    }
}

/// The task with its sheet: originals above reconstructions.
private final class ShownAutoencoder: ShownTraining {
    let task: AutoencoderTask

    init(_ task: AutoencoderTask) { self.task = task }

    var parameters: Parameters { task.parameters }
    var groups: [ParameterGroup] { task.groups }

    func step(_ step: Int, random: inout SeededRandom) throws -> StepResult {
        try task.step(step, random: &random)
    }

    func sheet() throws -> [ContactSheet.Row] {
        let columns = 8
        let (originals, drawn) = task.examples(2 * columns)
        let (left, right) = (originals.channelsFirst, drawn.channelsFirst)
        return (0..<2).flatMap { row -> [ContactSheet.Row] in
            let range = row * columns..<(row + 1) * columns
            return [
                ContactSheet.Row(
                    label: "frames",
                    images: range.map { RGBImage(left[$0], .minusOneToOne) }
                ),
                ContactSheet.Row(
                    label: "drawn from their codes",
                    images: range.map { RGBImage(right[$0], .minusOneToOne) }
                ),
            ]
        }
    }
}
