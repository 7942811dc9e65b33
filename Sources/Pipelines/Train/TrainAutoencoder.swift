internal import Foundation
internal import Kernels
public import Media
internal import Models
internal import Packs
internal import Tensors
public import Training

extension FolderTrainingRequest<AutoencoderTrainingConfig> {
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
        ThreadPool.prepareForTraining()
        let found = try pictures(
            height: config.generator.height,
            width: config.generator.width,
            cancellation: cancellation,
            reading: reading
        )
        for reason in found.skipped { skipped(reason) }
        let task = try AutoencoderTask(config, pictures: found.pictures)
        return try TrainingRun(
            folder: run,
            title: "Autoencoder",
            config: config.run,
            document: config
        ).run(
            task,
            resumes: resumes,
            identity: "\(found.pictures.count) frames of \(found.pictures.clips.count) clips",
            cancellation: cancellation,
            progress: progress,
            export: { trainer in
                let files = try task.files(trainer.averaged)
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

extension AutoencoderTask: ShownTraining {
    /// Frames above what is drawn from their codes.
    public func sheet() -> [ContactSheet.Row] {
        let columns = 8
        let (originals, drawn) = examples(2 * columns)
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
